import type { NodeConfig } from "../config/cluster-config.ts";
import type { Cluster } from "../nodes/cluster.ts";
import { onEveryNode } from "../nodes/fan-out.ts";
import { withNameLock } from "../nodes/lock.ts";
import { probeNode } from "../nodes/probe.ts";
import type { Watch } from "../nodes/run-plan.ts";
import { checkNameIsFree } from "./taken-name.ts";

/**
 * Works while no other waifuctl makes an instance of that name on any node: they all meet at a lock on the first node that answers, and whoever
 * has it asks the others once more. Under the lock of the instance's own node, which is always taken first. Throws `exists`.
 */
export async function withNameClaim<T>(
  cluster: Cluster,
  { spec: { name }, node, answered }: Claim,
  watch: Watch,
  work: (watch: Watch) => Promise<T>,
): Promise<T> {
  const others = answered.filter((other) => other.name !== node.name);
  const [meeting] = answered;
  if (meeting === undefined || others.length === 0) return await work(watch);
  return await withNameLock(cluster, meeting, name, watch, async (watch) => {
    const { answers } = await onEveryNode(others, (other) => probeNode(cluster, other, watch.signal));
    checkNameIsFree(name, answers);
    return await work(watch);
  });
}

type Claim = {
  readonly spec: { readonly name: string };
  /** Where the instance is to be. */
  readonly node: NodeConfig;
  /** All that answered, in the order of cluster.toml. */
  readonly answered: readonly NodeConfig[];
};
