import { WaifuError } from "../errors.ts";
import { nearest } from "../nearest.ts";
import type { Cluster } from "../nodes/cluster.ts";
import type { NodeProbe } from "../nodes/probe.ts";

/** What a name means: exactly these bytes, and where a node that lacks them gets them. */
export type ResolvedTemplate = {
  readonly name: string;
  readonly digest: string;
  /** A URL or an absolute path beside the operator; absent when only the nodes know the template. */
  readonly source?: string;
  /** Size of the disk inside; unknown until a node has opened the image. */
  readonly virtualBytes?: number;
};

/** From what was added here, or else from the labels on the nodes' own copies. Throws `not-found` with the nearest name. */
export function resolveTemplate(
  cluster: Cluster,
  name: string,
  probes: readonly NodeProbe[],
): ResolvedTemplate {
  const onNodes = probes.flatMap((probe) => probe.storage.templates);
  const [record] = cluster.state.templates.versions(name);
  const digest = record?.digest ?? onNodes.find((template) => template.name === name)?.digest;
  if (digest !== undefined) {
    const { virtualBytes } = onNodes.find((template) => template.digest === digest) ?? {};
    return { name, digest, source: record?.source, virtualBytes };
  }
  const names = [...cluster.state.templates.all(), ...onNodes].map((template) => template.name);
  const suggestion = nearest(name, new Set(names));
  throw new WaifuError("not-found", `there is no template ${JSON.stringify(name)}`, {
    hint:
      suggestion === undefined
        ? "See waifuctl template list, or add it: waifuctl template add NAME URL --sha256 DIGEST"
        : `Did you mean ${suggestion}?`,
  });
}
