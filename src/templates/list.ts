import type { Cluster } from "../nodes/cluster.ts";
import { type NodeFailure, onEveryNode } from "../nodes/fan-out.ts";
import { probeStorage } from "../nodes/probe.ts";

export type ListedTemplate = {
  readonly name: string;
  readonly digest: string;
  /** Absent: some node has it, but it was not added here. */
  readonly source?: string;
  /** Size of the disk inside; unknown until a node has it. */
  readonly virtualBytes?: number;
  /** Nodes where it is ready to be cloned. */
  readonly nodes: readonly string[];
};

export type TemplateList = {
  readonly templates: readonly ListedTemplate[];
  readonly failures: readonly NodeFailure[];
};

/** The names that were added here, and those that only the nodes know, by name. */
export async function listTemplates(cluster: Cluster, signal?: AbortSignal): Promise<TemplateList> {
  const { answers, failures } = await onEveryNode(cluster.config.nodes, async (node) => {
    const { templates } = await probeStorage(cluster, node, signal);
    return templates.map((template) => ({ ...template, node: node.name }));
  });
  const onNodes = answers.flat();
  const added = cluster.state.templates.all();
  const known = new Set(added.map((record) => record.digest));
  const foreign = new Map(
    onNodes.filter(({ digest }) => !known.has(digest)).map((found) => [found.digest, found]),
  );
  const templates = [...added, ...foreign.values()].map((entry) => {
    const copies = onNodes.filter(({ digest }) => digest === entry.digest);
    return {
      name: entry.name,
      digest: entry.digest,
      source: "source" in entry ? entry.source : undefined,
      virtualBytes: copies[0]?.virtualBytes,
      nodes: copies.map((copy) => copy.node),
    };
  });
  return { templates: templates.sort((a, b) => (a.name < b.name ? -1 : 1)), failures };
}
