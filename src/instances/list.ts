import type { InstanceSpec } from "../instance-spec.ts";
import type { Cluster } from "../nodes/cluster.ts";
import { lastSeenOn, type NodeFailure } from "../nodes/fan-out.ts";
import { newerTemplate } from "../templates/newer.ts";
import { viewInstances } from "./locate.ts";

export type ListedInstance = {
  readonly node: string;
  readonly spec: InstanceSpec;
  readonly state: string;
  /** Absent when seen now; else when it was last seen (ISO 8601): its node does not answer. */
  readonly lastSeenAt?: string;
  /** Digest of the newest version of its template, when that is not the one that it was made from. */
  readonly newerTemplate?: string;
};

export type InstanceList = {
  readonly instances: readonly ListedInstance[];
  readonly failures: readonly NodeFailure[];
};

/** Every instance of the cluster; those on nodes that don't answer as they were last seen. Sorted by name. */
export async function listInstances(cluster: Cluster, signal?: AbortSignal): Promise<InstanceList> {
  const { instances, failures } = await viewInstances(cluster, cluster.config.nodes, signal);
  const remembered = lastSeenOn(failures, cluster.state.instances.all());
  const listed = [
    ...instances.map(({ node, spec, state }) => ({ node: node.name, spec, state })),
    ...remembered.map(({ node, spec, state, seenAt }) => ({ node, spec, state, lastSeenAt: seenAt })),
  ];
  const marked = listed.map((instance) => ({
    ...instance,
    newerTemplate: newerTemplate(cluster.state, instance.spec.template),
  }));
  return { instances: marked.sort((a, b) => (a.spec.name < b.spec.name ? -1 : 1)), failures };
}
