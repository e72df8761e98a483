import { findEntry } from "../catalog/resolve-entry.ts";
import type { Catalog } from "../config/catalog.ts";
import { loadCatalog } from "../config/load-catalog.ts";
import { toWaifuError, WaifuError } from "../errors.ts";
import { head } from "../http/head.ts";
import { nearest } from "../nearest.ts";
import type { Cluster } from "../nodes/cluster.ts";
import type { Watch } from "../nodes/run-plan.ts";
import { reported } from "../reporter.ts";
import type { TemplateVersion } from "../state/templates.ts";
import { compareWithKnown, type Outcome, recordAddition } from "./add.ts";
import { type Provenance, provenanceOf, provenanceOfEntry } from "./provenance.ts";

export type TemplateUpdate = {
  readonly name: string;
  readonly outcome: Outcome | Hint;
  /** What the name meant until now. */
  readonly from: TemplateVersion;
  /** What it means from now on; the same where nothing is new. */
  readonly to: TemplateVersion;
};

/** Where nobody publishes a checksum: the file behind the URL looks as it did, may be another, or there is nowhere to look. */
type Hint = "looks-unchanged" | "may-have-changed" | "pinned";

export type UpdateReport = {
  readonly updates: readonly TemplateUpdate[];
  readonly failures: readonly { readonly name: string; readonly error: WaifuError }[];
};

/**
 * Looks names up again where they came from: in the catalog, or in their checksum file. What is new there becomes the newest version, unless
 * it is only a dry run; older versions stay as they are. One name that can't be looked up does not stop the others.
 */
export async function updateTemplates(
  cluster: Cluster,
  names: readonly string[],
  isDryRun: boolean,
  watch: Watch,
): Promise<UpdateReport> {
  const catalog = await loadCatalog(cluster.config.catalogPath);
  const work = async (name: string) => {
    try {
      const look = () => lookUp(cluster, name, catalog, isDryRun, watch);
      return { update: await reported(watch.reporter, `look up ${name}`, look) };
    } catch (thrown) {
      const error = toWaifuError(thrown);
      if (error.code === "bug" || error.code === "interrupted") throw thrown;
      return { failure: { name, error } };
    }
  };
  const results = await Promise.all([...new Set(names)].map(work));
  return {
    updates: results.flatMap(({ update }) => update ?? []),
    failures: results.flatMap(({ failure }) => failure ?? []),
  };
}

/** The names that were added here. */
export function addedNames({ state }: Pick<Cluster, "state">): string[] {
  return [...new Set(state.templates.all().map(({ name }) => name))];
}

async function lookUp(
  cluster: Cluster,
  name: string,
  catalog: Catalog,
  isDryRun: boolean,
  watch: Watch,
): Promise<TemplateUpdate> {
  const [from] = cluster.state.templates.versions(name);
  if (from === undefined) throw notAdded(cluster, name, catalog);
  const provenance = await publishedNow(from, catalog, watch);
  if (provenance === undefined) return { name, outcome: await hint(from, watch), from, to: from };
  const addition = compareWithKnown(cluster, name, provenance);
  if (!isDryRun) recordAddition(cluster, addition);
  return { name, outcome: addition.outcome, from, to: addition.version ?? from };
}

/** Undefined where nobody publishes which bytes are the right ones. */
async function publishedNow(
  { name, source, catalog: entry, checksumUrl, ...version }: TemplateVersion,
  catalog: Catalog,
  watch: Watch,
): Promise<Provenance | undefined> {
  if (entry !== undefined) return await provenanceOfEntry(findEntry(catalog, entry), watch);
  // A file beside the operator is what it is: a newer one has to be fetched by hand.
  if (checksumUrl === undefined || !isUrl(source)) return undefined;
  const { firmware, seed, user, minDiskBytes } = version;
  return { ...(await provenanceOf(source, { checksumUrl }, watch)), firmware, seed, user, minDiskBytes };
}

/** Dates and tags prove nothing: a mirror may give the same file others, and another file the same. */
async function hint({ source, trust, ...known }: TemplateVersion, { signal }: Watch): Promise<Hint> {
  if (trust !== "first-use" || !isUrl(source)) return "pinned";
  const seen = await head(source, { signal });
  const pairs = [
    [known.etag, seen.etag],
    [known.lastModified, seen.lastModified],
    [known.imageBytes, seen.bytes],
  ];
  const isAnother = pairs.some(
    ([before, now]) => before !== undefined && now !== undefined && before !== now,
  );
  return isAnother ? "may-have-changed" : "looks-unchanged";
}

function notAdded(cluster: Cluster, name: string, catalog: Catalog): WaifuError {
  const suggestion = nearest(name, addedNames(cluster));
  return new WaifuError("not-found", `no template ${JSON.stringify(name)} was added here`, {
    hint: catalog.has(name)
      ? `The catalog has it: waifuctl template add ${name}`
      : suggestion === undefined
        ? "See waifuctl template list."
        : `Did you mean ${suggestion}?`,
  });
}

function isUrl(source: string): boolean {
  return /^https?:\/\//i.test(source);
}
