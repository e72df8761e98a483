import type { NodeConfig } from "../config/cluster-config.ts";
import { WaifuError } from "../errors.ts";
import type { InstanceSpec } from "../instance-spec.ts";
import type { Domain, DomainState } from "../libvirt/domain-list.ts";
import { nearest } from "../nearest.ts";
import type { Cluster } from "../nodes/cluster.ts";
import { type NodeFailure, onEveryNode } from "../nodes/fan-out.ts";
import { probeDomains } from "../nodes/probe.ts";
import type { SeenInstance } from "../state/instances.ts";

/** An instance as it stands on its node. */
export type Instance = {
  readonly node: NodeConfig;
  readonly spec: InstanceSpec;
  readonly state: DomainState;
  /** Current figures of libvirt, which may differ from the spec when somebody changed the domain by hand. */
  readonly cpus: number;
  readonly memoryBytes: number;
};

export type ClusterView = {
  readonly instances: readonly Instance[];
  readonly failures: readonly NodeFailure[];
};

/** Every instance of the given nodes, seen now, and remembered. */
export async function viewInstances(
  cluster: Cluster,
  nodes: readonly NodeConfig[],
  signal?: AbortSignal,
): Promise<ClusterView> {
  const { answers, failures } = await onEveryNode(nodes, async (node) => {
    const domains = await probeDomains(cluster, node, signal);
    const instances = domains.flatMap(({ spec, ...domain }) =>
      spec === undefined ? [] : [{ ...domain, node, spec }],
    );
    const seenAt = cluster.now().toISOString();
    cluster.state.instances.replaceNode(node.name, [
      ...instances.map(({ spec, state }) => ({ spec, state, seenAt })),
      ...nameless(cluster, node, domains),
    ]);
    return instances;
  });
  return { instances: answers.flat(), failures };
}

/** Domains that lost what made them ours: what is remembered of them is all that they can be known by again. */
function nameless({ state }: Cluster, node: NodeConfig, domains: readonly Domain[]): SeenInstance[] {
  const lost = new Set(domains.filter(({ spec }) => spec === undefined).map(({ uuid }) => uuid));
  return state.instances.all().filter((seen) => seen.node === node.name && lost.has(seen.spec.uuid));
}

/**
 * Finds an instance by name: first where it was last seen, then everywhere. Throws `not-found` with the nearest name, or `unreachable` when
 * it may be on a node that does not answer.
 */
export async function locateInstance(
  cluster: Cluster,
  name: string,
  signal?: AbortSignal,
): Promise<Instance> {
  const remembered = cluster.state.instances.all().find((seen) => seen.spec.name === name);
  const likely = cluster.config.nodes.filter((node) => node.name === remembered?.node);
  const first = await viewInstances(cluster, likely, signal);
  const rest = cluster.config.nodes.filter((node) => !likely.includes(node));
  const found = first.instances.find((instance) => instance.spec.name === name);
  if (found !== undefined) return found;
  const second = await viewInstances(cluster, rest, signal);
  const view = {
    instances: [...first.instances, ...second.instances],
    failures: [...first.failures, ...second.failures],
  };
  return (
    view.instances.find((instance) => instance.spec.name === name) ??
    failToLocate(name, view, remembered?.node)
  );
}

function failToLocate(name: string, view: ClusterView, lastNode: string | undefined): never {
  const [failure] = view.failures.filter((entry) => lastNode === undefined || entry.node.name === lastNode);
  if (failure !== undefined) {
    const where =
      lastNode === undefined ? `it may be on ${failure.node.name}` : `it was last seen on ${lastNode}`;
    throw new WaifuError(failure.error.code, `can't find ${name}: ${where}, and ${failure.error.message}`, {
      node: failure.node.name,
      instance: name,
      hint: failure.error.hint,
      cause: failure.error,
    });
  }
  const names = view.instances.map((instance) => instance.spec.name);
  const suggestion = nearest(name, names);
  throw new WaifuError("not-found", `there is no instance ${JSON.stringify(name)}`, {
    instance: name,
    hint: suggestion === undefined ? "See waifuctl list." : `Did you mean ${suggestion}?`,
  });
}
