import { loadDescriptions } from "../config/load-descriptions.ts";
import { WaifuError } from "../errors.ts";
import type { Cluster } from "../nodes/cluster.ts";
import type { NodeFailure } from "../nodes/fan-out.ts";
import type { Change } from "./change.ts";
import { type ApplyOptions, planApply } from "./plan-apply.ts";
import { lookAround } from "./sight.ts";

export type DecidedApply = {
  readonly changes: readonly Change[];
  /** What is on these nodes is neither changed nor pruned. */
  readonly failures: readonly NodeFailure[];
};

/**
 * Reads descriptions (a file, a folder, or - for standard input) and compares them with the cluster; changes nothing. Throws `config` with all
 * mistakes, and `usage` for a prune without a set.
 */
export async function decideApply(
  cluster: Cluster,
  path: string,
  options: ApplyOptions,
  signal?: AbortSignal,
): Promise<DecidedApply> {
  const descriptions = await loadDescriptions(path);
  if (options.prune && descriptions.sets.length === 0) {
    throw new WaifuError("usage", `nothing can be pruned: ${path} names no set`, {
      hint: 'Write set = "NAME" at its top, and apply it once: then what it describes belongs to it.',
    });
  }
  const sight = await lookAround(cluster, signal);
  return { changes: planApply(cluster, descriptions, sight, options), failures: sight.failures };
}
