import type { NodeConfig } from "../config/cluster-config.ts";
import type { WaifuError } from "../errors.ts";
import { isActive } from "../libvirt/domain-list.ts";
import { toCandidate } from "./candidate.ts";
import type { Cluster } from "./cluster.ts";
import type { NodeFacts } from "./facts.ts";
import { onEveryNode } from "./fan-out.ts";
import { probeNode } from "./probe.ts";
import { parseVersions, readVersions, type Versions } from "./versions.ts";

export type ListedNode = {
  readonly node: NodeConfig;
  /** Why it has no figures. */
  readonly error?: WaifuError;
  readonly figures?: {
    readonly facts: NodeFacts;
    readonly versions: Versions;
    readonly memoryFreeBytes: number;
    readonly storageFreeBytes: number;
    readonly storageTotalBytes: number;
    readonly running: number;
    readonly instances: number;
  };
};

/** Every node with what it has, what of it may still be promised, and what runs there. Two round trips a node, all nodes at once. */
export async function listNodes(cluster: Cluster, signal?: AbortSignal): Promise<ListedNode[]> {
  const { answers, failures } = await onEveryNode(cluster.config.nodes, async (node): Promise<ListedNode> => {
    const runner = await cluster.connect(node);
    const [probe, versions] = await Promise.all([
      probeNode(cluster, node, signal),
      runner.runAll(readVersions(node), signal),
    ]);
    const { memoryBytes, diskBytes } = toCandidate(probe, undefined);
    const ours = probe.domains.filter((domain) => domain.spec !== undefined);
    return {
      node,
      figures: {
        facts: probe.facts,
        versions: parseVersions(versions[0]?.stdout ?? "", versions[1]?.stdout),
        memoryFreeBytes: Math.max(0, memoryBytes.total - memoryBytes.promised),
        storageFreeBytes: Math.max(0, diskBytes.total - diskBytes.promised),
        storageTotalBytes: probe.storage.totalBytes,
        running: ours.filter((domain) => isActive(domain.state)).length,
        instances: ours.length,
      },
    };
  });
  const listed = [...answers, ...failures];
  return cluster.config.nodes.flatMap((node) => listed.filter((entry) => entry.node === node));
}
