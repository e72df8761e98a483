import { findEntry } from "../catalog/resolve-entry.ts";
import { loadCatalog } from "../config/load-catalog.ts";
import { WaifuError } from "../errors.ts";
import type { Cluster } from "../nodes/cluster.ts";
import type { Watch } from "../nodes/run-plan.ts";
import type { TemplateVersion } from "../state/templates.ts";
import { viewTemplates } from "./list.ts";
import { type Proof, type Provenance, provenanceOf, provenanceOfEntry } from "./provenance.ts";
import { type ResolvedTemplate, toResolved } from "./resolve.ts";
import { findVersion, knownVersions, type NodeTemplates } from "./versions.ts";

export type AddRequest = Proof & {
  readonly name: string;
  /** A URL, or a file beside the operator. Absent: what the name means already, or else in the catalog. */
  readonly source?: string;
};

/** What adding a version makes of its name. */
export type Outcome =
  /** The first version of the name. */
  | "new"
  /** Other bytes than before: the newest version now. The old ones stay. */
  | "newer"
  /** An older version, the newest again. */
  | "again"
  /** The same bytes, from elsewhere or on another's word. */
  | "amended"
  | "unchanged";

export type Addition = {
  readonly template: ResolvedTemplate;
  readonly outcome: Outcome;
  /** What there is to remember; absent when only nodes know the template. */
  readonly version?: TemplateVersion;
  /** What the name meant until now. */
  readonly previous?: TemplateVersion;
};

const nameRule = /^[a-z0-9][a-z0-9._-]{0,62}$/;

/**
 * Which bytes a name is to mean. Remembers nothing, and changes no node. Throws `usage` for a bad name, digest or source, `not-found` for
 * a name that nobody knows, `digest-mismatch` when a file is another, `refused` for what is no image, and as `fetchText` does.
 */
export async function decideAdd(cluster: Cluster, request: AddRequest, watch: Watch): Promise<Addition> {
  const { name, source, ...proof } = request;
  if (source !== undefined) {
    checkTemplateName(name);
    return compareWithKnown(cluster, name, await provenanceOf(source, proof, watch));
  }
  if (Object.values(proof).some(Boolean)) {
    throw new WaifuError("usage", "a checksum goes with a URL or a file", {
      hint: `Give the image too: waifuctl template add ${name} URL|FILE …`,
    });
  }
  if (cluster.state.templates.versions(name).length > 0) return await alreadyKnown(cluster, name, watch);
  const catalog = await loadCatalog(cluster.config.catalogPath);
  const entry = catalog.get(name);
  if (entry !== undefined) return compareWithKnown(cluster, name, await provenanceOfEntry(entry, watch));
  return await alreadyKnown(cluster, name, watch).catch((error: unknown) => {
    // Of a word that looks like a name, what the catalog has is nearer.
    if (nameRule.test(name)) findEntry(catalog, name);
    throw error;
  });
}

/** Gives the name to the version, if there is anything new. No node is touched: the first `create` on each brings the image there. */
export function recordAddition({ state }: Pick<Cluster, "state">, { version, outcome }: Addition): void {
  if (version !== undefined && outcome !== "unchanged") state.templates.put(version);
}

/** What a name would mean if it were given to these bytes. */
export function compareWithKnown(
  { state, now }: Pick<Cluster, "state" | "now">,
  name: string,
  provenance: Provenance,
): Addition {
  const versions = state.templates.versions(name);
  const [previous] = versions;
  const same = versions.find(({ digest }) => digest === provenance.digest);
  const outcome = outcomeOf(provenance, previous, same);
  // A clock that was put back makes no version older than those before it.
  const time = now().toISOString();
  const newestAt = previous !== undefined && previous.addedAt > time ? previous.addedAt : time;
  const version = {
    ...provenance,
    name,
    addedAt: same !== undefined && outcome !== "again" ? same.addedAt : newestAt,
    imageBytes: provenance.imageBytes ?? same?.imageBytes,
  };
  const template = toResolved({
    name,
    digest: provenance.digest,
    record: version,
    copies: [],
    isNewest: true,
  });
  return { template, outcome, version, previous };
}

function outcomeOf(provenance: Provenance, previous?: TemplateVersion, same?: TemplateVersion): Outcome {
  if (previous === undefined) return "new";
  if (same === undefined) return "newer";
  if (same !== previous) return "again";
  const isSaidTheSame =
    same.source === provenance.source &&
    same.trust === provenance.trust &&
    same.catalog === provenance.catalog &&
    same.checksumUrl === provenance.checksumUrl;
  return isSaidTheSame ? "unchanged" : "amended";
}

/** By what was added here; else by what nodes have. */
async function alreadyKnown(
  cluster: Cluster,
  wanted: string,
  { reporter, signal }: Watch,
): Promise<Addition> {
  const records = cluster.state.templates.all();
  const find = (nodes: readonly NodeTemplates[]): Addition => {
    const found = findVersion(knownVersions(records, nodes), wanted);
    const { record } = found;
    return { template: toResolved(found), outcome: "unchanged", version: record, previous: record };
  };
  try {
    return find([]);
  } catch (error) {
    if (!(error instanceof WaifuError) || error.code !== "not-found") throw error;
  }
  const { nodes, failures } = await viewTemplates(cluster, signal);
  for (const { node, error } of failures) reporter.warn(`${node.name} may know it, but ${error.message}`);
  return find(nodes);
}

/** Throws `usage`. */
export function checkTemplateName(name: string): void {
  if (nameRule.test(name)) return;
  throw new WaifuError("usage", `${JSON.stringify(name)} can't be a template's name`, {
    hint: "Lower-case letters, digits, dots, dashes and underscores, such as debian-12.",
  });
}
