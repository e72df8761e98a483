import { exitStatusOf, type WaifuError } from "../errors.ts";
import type { NodeFailure } from "../nodes/fan-out.ts";
import type { Reporter } from "../reporter.ts";

/** Tells of each node that did not answer. The answer stands, but the exit status says that it is not whole. */
export function warnOfNodes(failures: readonly NodeFailure[], reporter: Reporter): number {
  for (const { error } of failures) warnOf(error, reporter);
  return failures.length === 0 ? 0 : exitStatusOf("unreachable");
}

/** Tells of each part of a change that failed. One reason for all is the exit status; several leave it half done. */
export function tellFailures(
  failures: readonly { readonly error: WaifuError }[],
  reporter: Reporter,
): number {
  for (const { error } of failures) warnOf(error, reporter);
  const statuses = new Set(failures.map(({ error }) => error.exitStatus));
  const [status = 0] = statuses;
  return statuses.size > 1 ? exitStatusOf("half-changed") : status;
}

function warnOf({ message, hint }: WaifuError, reporter: Reporter): void {
  reporter.warn(hint === undefined ? message : `${message}\n${hint}`);
}
