import { hostname } from "node:os";
import type { Reporter } from "../reporter.ts";
import type { Journal, OpenOperation } from "../state/journal.ts";

type Mendable = { readonly verb: string; readonly instance: string; readonly node: string };

/** Tells of operations whose waifuctl was killed or lost its node before it could finish or undo them. */
export function warnOfInterrupted(journal: Journal, reporter: Reporter): void {
  // Of what was tried again and again, the last time.
  const dead = journal.open().filter(isDead);
  const last = new Map(dead.map((operation) => [`${operation.node} ${operation.uuid}`, operation]));
  for (const operation of last.values()) {
    const { verb, instance, node, stages, stage, startedAt } = operation;
    const doing = stages[stage - 1] ?? "its first step";
    const mend = mendingCommand(operation);
    reporter.warn(
      `${verb} ${instance} on ${node}, begun at ${startedAt}, was cut off at "${doing}". Look at it, or clear it up: ${mend}`,
    );
  }
}

/**
 * The operation is about an instance, not about a template's version (its `instance` is the template's name, its `uuid` the digest) or a
 * node (both are its name).
 */
export function concernsInstance({ verb }: Pick<Mendable, "verb">): boolean {
  return verb !== "prepare" && !/^(template|node) /.test(verb);
}

/** What finishes or clears up an operation that was cut off. */
export function mendingCommand({ verb, instance, node }: Mendable): string {
  if (verb === "node setup") return `waifuctl node setup ${node}`;
  if (verb === "prepare") return `waifuctl template add ${instance} --node ${node}`;
  if (verb === "template repair") return `waifuctl template add ${instance} --node ${node} --repair`;
  if (verb === "template delete") return `waifuctl template delete ${instance}`;
  if (verb.startsWith("template ")) return `waifuctl template prune --node ${node}`;
  return verb.includes("create") || verb === "delete"
    ? `waifuctl delete ${instance} --yes`
    : `waifuctl show ${instance}`;
}

/** Only a process of this machine can be asked for; one elsewhere is taken to be alive. */
function isDead({ host, pid }: OpenOperation): boolean {
  if (host !== hostname()) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "ESRCH";
  }
}
