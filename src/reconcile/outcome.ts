import { toWaifuError } from "../errors.ts";
import type { Finding, Found } from "./finding.ts";

/** What became of a finding. */
export type Outcome = Finding & {
  readonly outcome: "done" | "left" | "failed";
  /** Why it is left although it may be mended, or what failed. */
  readonly error?: string;
  /** What would be run, where nothing was. */
  readonly commands?: readonly string[];
};

export function left(found: Found, more: Pick<Outcome, "error" | "commands"> = {}): Outcome {
  return { ...findingOf(found), ...more, outcome: "left" };
}

/** Does what mends it. */
export async function outcomeOf(found: Found, work: () => Promise<unknown>): Promise<Outcome> {
  try {
    await work();
    return { ...findingOf(found), outcome: "done" };
  } catch (error) {
    return putOff(found, error);
  }
}

/** Where that was not reached, the next run does it: somebody else was at work, or the time was up. */
export function putOff(found: Found, thrown: unknown): Outcome {
  const { code, message } = toWaifuError(thrown);
  const isLeft = code === "locked" || code === "interrupted";
  return { ...findingOf(found), outcome: isLeft ? "left" : "failed", error: message };
}

function findingOf({ kind, node, instance, message, reason, risk, hint }: Found): Finding {
  return { kind, node, instance, message, reason, risk, hint };
}
