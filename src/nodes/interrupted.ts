import { hostname } from "node:os";
import type { Reporter } from "../reporter.ts";
import type { Journal, OpenOperation } from "../state/journal.ts";

/** Tells of operations whose waifuctl was killed or lost its node before it could finish or undo them. */
export function warnOfInterrupted(journal: Journal, reporter: Reporter): void {
  // Of what was tried again and again, the last time.
  const dead = journal.open().filter(isDead);
  const last = new Map(dead.map((operation) => [`${operation.node} ${operation.instance}`, operation]));
  for (const operation of last.values()) {
    const { verb, instance, node, stages, stage, startedAt } = operation;
    const doing = stages[stage - 1] ?? "its first step";
    const mend =
      verb.includes("create") || verb === "delete"
        ? `waifuctl delete ${instance}`
        : `waifuctl show ${instance}`;
    reporter.warn(
      `${verb} ${instance} on ${node}, begun at ${startedAt}, was cut off at "${doing}". Look at it, or clear it up: ${mend}`,
    );
  }
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
