import { WaifuError } from "../errors.ts";
import type { Cluster } from "../nodes/cluster.ts";
import { covers, instanceScope, labelScope } from "../secrets/scope.ts";
import { type ClusterView, locateInstance, viewInstances } from "./locate.ts";

/** Whom a person names for a secret. */
export type BearerRequest =
  | { readonly name: string }
  | { readonly label: { readonly key: string; readonly value: string } };

/** The instances that a secret is for now; `unserved` are those that can't ask for it, for their seed is a disk. */
export type Bearers = ClusterView & { readonly scope: string; readonly unserved: readonly string[] };

/** Throws `refused` when the one instance has its seed on a disk, and else as `locateInstance` does. */
export async function findBearers(
  cluster: Cluster,
  request: BearerRequest,
  signal?: AbortSignal,
): Promise<Bearers> {
  if ("label" in request) {
    const scope = labelScope(request.label.key, request.label.value);
    const { instances, failures } = await viewInstances(cluster, cluster.config.nodes, signal);
    const { served = [], unserved = [] } = Object.groupBy(
      instances.filter(({ spec }) => covers(scope, spec)),
      ({ spec }) => (spec.seed === "http" ? "served" : "unserved"),
    );
    return { scope, instances: served, unserved: unserved.map(({ spec }) => spec.name), failures };
  }
  const { name } = request;
  const instance = await locateInstance(cluster, name, signal);
  const { spec, node } = instance;
  if (spec.seed === "http")
    return { scope: instanceScope(spec.uuid), instances: [instance], unserved: [], failures: [] };
  throw new WaifuError("refused", `${name} can't ask for secrets: its seed is a disk`, {
    node: node.name,
    instance: name,
    hint: `Make it anew with --seed http, on a node with the metadata service (waifuctl node setup ${node.name}).`,
  });
}
