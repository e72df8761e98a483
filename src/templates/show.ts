import type { Cluster } from "../nodes/cluster.ts";
import { lastSeenOn, type NodeFailure, onEveryNode } from "../nodes/fan-out.ts";
import { probeDomains, probeStorage } from "../nodes/probe.ts";
import { findVersions, type KnownVersion, knownVersions } from "./versions.ts";

export type ShownVersion = KnownVersion & {
  /** Made from it, by name; those on nodes that don't answer as they were last seen. */
  readonly instances: readonly { readonly name: string; readonly node: string }[];
};

export type ShownTemplate = {
  readonly versions: readonly ShownVersion[];
  readonly failures: readonly NodeFailure[];
};

/**
 * All versions of a name, or the one that `NAME@DIGESTPREFIX` or a digest prefix means, with what was made from each.
 * Throws `not-found` with what comes nearest, `usage` when a prefix can mean several.
 */
export async function showTemplate(
  cluster: Cluster,
  wanted: string,
  signal?: AbortSignal,
): Promise<ShownTemplate> {
  const { answers, failures } = await onEveryNode(cluster.config.nodes, async (node) => {
    const [storage, domains] = await Promise.all([
      probeStorage(cluster, node, signal),
      probeDomains(cluster, node, signal),
    ]);
    const specs = domains.flatMap(({ spec }) => spec ?? []);
    return { node: node.name, templates: storage.templates, specs };
  });
  const remembered = lastSeenOn(failures, cluster.state.instances.all());
  const instances = [
    ...answers.flatMap(({ node, specs }) => specs.map((spec) => ({ node, spec }))),
    ...remembered,
  ].sort((a, b) => (a.spec.name < b.spec.name ? -1 : 1));

  const versions = findVersions(knownVersions(cluster.state.templates.all(), answers), wanted);
  return {
    versions: versions.map((version) => ({
      ...version,
      instances: instances
        .filter(({ spec }) => spec.template.digest === version.digest)
        .map(({ node, spec }) => ({ name: spec.name, node })),
    })),
    failures,
  };
}
