import type { Cluster } from "../nodes/cluster.ts";
import { type NodeFailure, onEveryNode } from "../nodes/fan-out.ts";
import { probeStorage } from "../nodes/probe.ts";
import { type KnownVersion, knownVersions, type NodeTemplates } from "./versions.ts";

export type TemplateView = {
  readonly nodes: readonly NodeTemplates[];
  readonly failures: readonly NodeFailure[];
};

export type TemplateList = {
  readonly versions: readonly KnownVersion[];
  readonly failures: readonly NodeFailure[];
};

/** What every node has ready. */
export async function viewTemplates(cluster: Cluster, signal?: AbortSignal): Promise<TemplateView> {
  const { answers, failures } = await onEveryNode(cluster.config.nodes, async (node) => {
    const { templates } = await probeStorage(cluster, node, signal);
    return { node: node.name, templates };
  });
  return { nodes: answers, failures };
}

/** The versions that were added here, and those that only the nodes know: by name, the newest first. */
export async function listTemplates(cluster: Cluster, signal?: AbortSignal): Promise<TemplateList> {
  const { nodes, failures } = await viewTemplates(cluster, signal);
  return { versions: knownVersions(cluster.state.templates.all(), nodes), failures };
}
