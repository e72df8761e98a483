import type { NodeConfig } from "../config/cluster-config.ts";
import type { Instance } from "../instances/locate.ts";
import type { Cluster } from "../nodes/cluster.ts";
import { withNodeLock } from "../nodes/lock.ts";
import { probeDomains } from "../nodes/probe.ts";
import type { Watch } from "../nodes/run-plan.ts";
import type { OpenOperation, Outcome } from "../state/journal.ts";
import type { Way } from "./decide.ts";

/** An operation that was cut off, on a node that is still there. */
export type Cut = {
  readonly cluster: Cluster;
  readonly operation: OpenOperation;
  /** What was begun first: `create`, also of a `finish create`. */
  readonly verb: string;
  readonly way: Way;
  readonly node: NodeConfig;
  readonly watch: Watch;
};

/** How the operation ended after all, and what made it so. */
export type Recovered = { readonly outcome: Outcome; readonly said: string };

export const done = (said: string): Recovered => ({ outcome: "done", said });
export const failed = (said: string): Recovered => ({ outcome: "failed", said });

/** Works on the operation's instance as it stands now, under its node's lock. */
export async function onInstance(
  { cluster, operation, node, watch }: Cut,
  work: (instance: Instance, watch: Watch) => Promise<Recovered>,
): Promise<Recovered> {
  return await withNodeLock(cluster, node, watch, async (watch) => {
    const domains = await probeDomains(cluster, node, watch.signal);
    const { spec, ...domain } = domains.find(({ uuid }) => uuid === operation.uuid) ?? {};
    if (spec === undefined || !("uuid" in domain)) return failed(`${operation.instance} is no longer there`);
    return await work({ ...domain, node, spec }, watch);
  });
}
