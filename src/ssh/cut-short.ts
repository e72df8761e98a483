import type { Command } from "../command.ts";
import { type ErrorDetails, WaifuError } from "../errors.ts";

/** A running program: how it ends, and how to end it. */
export type Program = {
  readonly node: string;
  readonly command: Command;
  /** Exit status, or undefined when the link closed without one. */
  readonly ended: Promise<number | undefined>;
  /** What the link died of, once it is closed and if that was said. */
  fault?(): Error | undefined;
  /** Rejects when what it reads can't be read to the end; it must then be stopped, or it takes a part for the whole. */
  readonly starved: Promise<never>;
  kill(signal: "TERM" | "KILL"): Promise<unknown>;
};

const GRACE_MS = 3_000;

/** The program's exit status. On its deadline or an abort it is stopped first: `outcome-unknown`, `interrupted`. */
export async function finish(program: Program, signal?: AbortSignal): Promise<number> {
  const { node, command } = program;
  const cut = cutOff(command.timeoutMs, signal);
  try {
    const first = await Promise.race([program.ended, program.starved, cut.reason]);
    if (typeof first === "number") return first;
    if (first === undefined) throw linkClosed(node, command, program.fault?.());
    const stopped = (await stop(program)) ? "It was stopped there." : "It may still be running there.";
    if (first === "deadline")
      throw outcomeUnknown(node, command, `no exit status within ${command.timeoutMs / 1000} s`, {
        hint: stopped,
      });
    const { reason } = signal ?? {};
    // Not by the person, but because it was no longer safe to go on.
    const [code, why] =
      reason instanceof WaifuError
        ? ([reason.code, reason.message] as const)
        : (["interrupted", "interrupted"] as const);
    throw new WaifuError(code, `${why}: ${describe(command)} on node "${node}"`, { node, hint: stopped });
  } catch (error) {
    if (!(error instanceof WaifuError)) await stop(program);
    throw error;
  } finally {
    cut.clear();
  }
}

function cutOff(timeoutMs: number, signal?: AbortSignal) {
  const { promise: reason, resolve } = Promise.withResolvers<"deadline" | "abort">();
  const onAbort = (): void => resolve("abort");
  const timer = setTimeout(() => resolve("deadline"), timeoutMs);
  if (signal?.aborted) onAbort();
  signal?.addEventListener("abort", onAbort, { once: true });
  return {
    reason,
    clear: (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
    },
  };
}

/** Closing its streams leaves a remote program running, so it is killed. True if it was seen to end. */
async function stop({ ended, kill }: Program): Promise<boolean> {
  for (const signal of ["TERM", "KILL"] as const) {
    const { promise: patience, resolve } = Promise.withResolvers<"patience">();
    const timer = setTimeout(() => resolve("patience"), GRACE_MS);
    kill(signal).catch(() => {});
    const first = await Promise.race([ended, patience]);
    clearTimeout(timer);
    if (first !== "patience") return first !== undefined;
  }
  return false;
}

const LONGEST_DESCRIPTION = 120;

/** A command as a person reads it; not for a shell. */
export function describe({ argv, pipeTo = [] }: Command): string {
  const text = [argv, ...pipeTo].map((words) => words.join(" ")).join(" | ");
  return `"${text.length > LONGEST_DESCRIPTION ? `${text.slice(0, LONGEST_DESCRIPTION)}…` : text}"`;
}

/** The link closed before an exit status came. */
export function linkClosed(node: string, command: Command, fault?: Error): WaifuError {
  const reason = fault ? `: ${fault.message}` : "";
  return outcomeUnknown(node, command, `the link closed before an exit status came${reason}`, {
    cause: fault,
  });
}

/** No exit status came, so that the command may or may not have been carried out. */
function outcomeUnknown(
  node: string,
  command: Command,
  reason: string,
  details: ErrorDetails = {},
): WaifuError {
  return new WaifuError("outcome-unknown", `${describe(command)} on node "${node}": ${reason}`, {
    node,
    ...details,
  });
}
