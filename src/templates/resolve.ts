import type { SeedTransport } from "../instance-spec.ts";
import type { Cluster } from "../nodes/cluster.ts";
import type { NodeProbe } from "../nodes/probe.ts";
import { findVersion, type KnownVersion, knownVersions } from "./versions.ts";

/** What a name means: exactly these bytes, and where a node that lacks them gets them. */
export type ResolvedTemplate = {
  readonly name: string;
  readonly digest: string;
  /** A URL, an absolute path beside the operator or `instance:NAME`; absent when only the nodes know the template. */
  readonly source?: string;
  /** Size of the disk inside; unknown until a node has opened the image. */
  readonly virtualBytes?: number;
  /** Size of the image file, where it is known. */
  readonly imageBytes?: number;
  readonly firmware?: "bios" | "uefi";
  readonly seed?: SeedTransport;
  readonly minDiskBytes?: number;
  /** False: its name has a newer version. */
  readonly isNewest: boolean;
};

/**
 * The version that `NAME` (its newest), `NAME@DIGESTPREFIX` or a digest prefix means: from what was added here, or else from the labels on
 * the nodes' own copies. Throws `not-found` with the nearest name or the versions there are, `usage` when it can mean several.
 */
export function resolveTemplate(
  cluster: Pick<Cluster, "state">,
  wanted: string,
  probes: readonly Pick<NodeProbe, "node" | "storage">[],
): ResolvedTemplate {
  const nodes = probes.map(({ node, storage }) => ({ node: node.name, templates: storage.templates }));
  return toResolved(findVersion(knownVersions(cluster.state.templates.all(), nodes), wanted));
}

export function toResolved({ name, digest, record, copies, isNewest }: KnownVersion): ResolvedTemplate {
  return {
    name,
    digest,
    source: record?.source,
    virtualBytes: copies[0]?.virtualBytes,
    imageBytes: record?.imageBytes,
    firmware: record?.firmware,
    seed: record?.seed,
    minDiskBytes: record?.minDiskBytes,
    isNewest,
  };
}
