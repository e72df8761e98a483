import { WaifuError } from "../errors.ts";
import { nearest } from "../nearest.ts";
import type { TemplateVersion } from "../state/templates.ts";
import type { NodeTemplate } from "../storage/storage.ts";

/** What one node's storage holds. */
export type NodeTemplates = { readonly node: string; readonly templates: readonly NodeTemplate[] };

/** A version, added here or found on nodes or both. */
export type KnownVersion = {
  readonly name: string;
  readonly digest: string;
  /** Absent: nodes have it, but it was not added here. */
  readonly record?: TemplateVersion;
  /** Where it is ready to be cloned. */
  readonly copies: readonly (NodeTemplate & { readonly node: string })[];
  /** What the bare name means. */
  readonly isNewest: boolean;
};

/**
 * By name, each newest first. Names that were given here win over the labels on nodes, which another operator wrote. Of several versions
 * that only nodes know, none is the newest: nothing there tells their order.
 */
export function knownVersions(
  records: readonly TemplateVersion[],
  nodes: readonly NodeTemplates[],
): KnownVersion[] {
  const copies = nodes.flatMap(({ node, templates }) => templates.map((copy) => ({ ...copy, node })));
  const isHere = (digest: string) => records.some((record) => record.digest === digest);
  const labels = new Map(
    copies.filter(({ digest }) => !isHere(digest)).map(({ name, digest }) => [digest, { name, digest }]),
  );
  const foreign = [...labels.values()];
  const isNewest = ({ name, digest }: { name: string; digest: string }) => {
    const [newest] = records.filter((record) => record.name === name);
    if (newest !== undefined) return newest.digest === digest;
    return foreign.filter((label) => label.name === name).length === 1;
  };
  return [
    ...records.map((record) => ({ name: record.name, digest: record.digest, record })),
    ...foreign.map((label) => ({ ...label, record: undefined })),
  ]
    .map((version) => ({
      ...version,
      copies: copies.filter(({ digest }) => digest === version.digest),
      isNewest: isNewest(version),
    }))
    .sort((a, b) => (a.name === b.name ? 0 : a.name < b.name ? -1 : 1));
}

/**
 * What `NAME`, `NAME@DIGESTPREFIX` or a bare digest prefix means: of a name all versions, newest first; else one, by all its names. Never
 * empty: throws `not-found` with what comes nearest, `usage` for what can't be a version and for a prefix that several share.
 */
export function findVersions(known: readonly KnownVersion[], wanted: string): KnownVersion[] {
  const named = known.filter(({ name }) => name === wanted);
  if (named.length > 0) return named;
  const { name, prefix } = splitVersion(wanted);
  const versions = known.filter((version) => name === undefined || version.name === name);
  const found = versions.filter(({ digest }) => prefix !== undefined && digest.startsWith(prefix));
  if (new Set(found.map(({ digest }) => digest)).size > 1) {
    throw new WaifuError("usage", `${wanted} can mean ${found.length} versions`, {
      hint: candidates(found, (prefix?.length ?? 0) + 4),
    });
  }
  if (found.length > 0) return found;
  if (prefix !== undefined && name !== undefined && versions.length > 0) {
    throw new WaifuError("not-found", `${name} has no version ${prefix}`, { hint: candidates(versions) });
  }
  const suggestion = nearest(name ?? wanted, new Set(known.map((version) => version.name)));
  throw new WaifuError("not-found", `there is no template ${JSON.stringify(wanted)}`, {
    hint:
      suggestion === undefined
        ? "See waifuctl template list, or add it: waifuctl template add NAME [URL]"
        : `Did you mean ${suggestion}?`,
  });
}

/** The one version that the words mean; of a name the newest. Throws as `findVersions` does, and `usage` when nothing tells which is that. */
export function findVersion(known: readonly KnownVersion[], wanted: string): KnownVersion {
  const found = findVersions(known, wanted);
  const chosen = found[0]?.name === wanted ? found.find(({ isNewest }) => isNewest) : found[0];
  if (chosen !== undefined) return chosen;
  throw new WaifuError("usage", `it is not known here which version of ${wanted} is the newest`, {
    hint: candidates(found),
  });
}

/** Whether something made from that version is what the words ask for: of a bare name any version is. Throws `usage`. */
export function isVersionOf(
  { name, digest }: Pick<KnownVersion, "name" | "digest">,
  wanted: string,
): boolean {
  if (name === wanted) return true;
  const version = splitVersion(wanted);
  const isNamed = version.name === undefined || version.name === name;
  return isNamed && version.prefix !== undefined && digest.startsWith(version.prefix);
}

export function algorithmOf(digest: string): "sha256" | "sha512" {
  return digest.length === 64 ? "sha256" : "sha512";
}

/** Enough of a digest for a person to tell versions apart. */
export function shortDigest(digest: string, digits = 8): string {
  return digest.slice(0, Math.max(8, digits));
}

function splitVersion(wanted: string): { name?: string; prefix?: string } {
  const [whole, name, prefix = ""] = /^([^@]*)@(.*)$/s.exec(wanted) ?? [];
  if (whole === undefined) return { prefix: /^[0-9a-f]{8,128}$/i.exec(wanted)?.[0].toLowerCase() };
  if (/^[0-9a-f]{4,128}$/i.test(prefix)) return { name, prefix: prefix.toLowerCase() };
  throw new WaifuError("usage", `${JSON.stringify(prefix)} is no version`, {
    hint: `Write 4 or more hexadecimal digits of its digest; waifuctl template show ${name} lists them.`,
  });
}

function candidates(versions: readonly KnownVersion[], digits?: number): string {
  const words = versions.map(({ name, digest, record, isNewest }) => {
    const notes = [record?.release, isNewest ? "newest" : undefined].filter((note) => note !== undefined);
    return `${name}@${shortDigest(digest, digits)}${notes.length > 0 ? ` (${notes.join(", ")})` : ""}`;
  });
  return `Say which: ${words.join(", ")}`;
}
