import { WaifuError } from "../errors.ts";
import type { NodeFailure } from "../nodes/fan-out.ts";
import type { Reporter } from "../reporter.ts";

/** Tells of each node that did not answer. The answer stands, but the exit status says that it is not whole. */
export function warnOfNodes(failures: readonly NodeFailure[], reporter: Reporter): number {
  for (const { error } of failures)
    reporter.warn(error.hint === undefined ? error.message : `${error.message}\n${error.hint}`);
  return failures.length === 0 ? 0 : new WaifuError("unreachable", "").exitStatus;
}
