import { z } from "zod";
import { type Catalog, type CatalogEntry, imageFormats } from "./catalog.ts";
import * as field from "./cluster-fields.ts";
import { complain, type FileKind, fileError, type Mistake, mistakesOf } from "./file-mistakes.ts";
import { parseToml } from "./parse-toml.ts";
import { tomlLines } from "./toml-lines.ts";

const publishedTable = z.strictObject({
  title: field.plainText,
  start: field.httpUrl,
  descend: z.array(field.pattern).optional(),
  index: field.relativePath.optional(),
  file: field.pattern,
  base: field.urlTemplate.optional(),
  format: z.enum(imageFormats),
  user: field.user,
  firmware: z.enum(["bios", "uefi"]),
  disk: field.bytes,
  seed: z.enum(["cidata", "http"]),
});

const unpublishedTable = z.strictObject({
  title: field.plainText,
  unpublished: field.plainText,
  hint: field.plainText,
});

/** The keys of an entry. */
export const knownEntryKeys: readonly string[] = [
  ...Object.keys(publishedTable.shape),
  ...Object.keys(unpublishedTable.shape).slice(1),
];

const catalogKind: FileKind = {
  kind: "the catalog",
  hint: "The templates/catalog.toml in waifuctl's repository explains every key.",
};

/**
 * A catalog's text, checked: a table for each template, by its name. `path` is for messages. Throws one `config` error that
 * lists all mistakes as `file:line: what`.
 */
export function parseCatalog(text: string, path: string): Catalog {
  const read = Object.entries(parseToml(text, path)).map(([name, table]) => readEntry(name, table));
  const mistakes = read.flatMap((entry) => ("mistakes" in entry ? entry.mistakes : []));
  if (mistakes.length > 0) throw fileError(path, mistakes, tomlLines(text), catalogKind);
  return new Map(read.flatMap((entry) => ("mistakes" in entry ? [] : [[entry.name, entry]])));
}

function readEntry(name: string, table: unknown): CatalogEntry | { readonly mistakes: readonly Mistake[] } {
  const named = field.templateName.safeParse(name);
  const misnamed = mistakesOf(named.error?.issues ?? [], () => []);
  const isUnpublished = typeof table === "object" && table !== null && "unpublished" in table;
  const schema = isUnpublished ? unpublishedTable : publishedTable;
  const parsed = schema.safeParse(table, { error: complain });
  const known = Object.keys(schema.shape);
  const mistakes = [...misnamed, ...mistakesOf(parsed.error?.issues ?? [], () => known)];
  if (!parsed.success || mistakes.length > 0) {
    return { mistakes: mistakes.map((mistake) => ({ ...mistake, path: [name, ...mistake.path] })) };
  }
  return entryOf(name, parsed.data);
}

function entryOf(
  name: string,
  table: z.output<typeof publishedTable> | z.output<typeof unpublishedTable>,
): CatalogEntry {
  if ("unpublished" in table) {
    const { title, unpublished: reason, hint } = table;
    return { kind: "unpublished", name, title, reason, hint };
  }
  const { start, descend = [], index = "", file, base, disk, ...rest } = table;
  return { kind: "published", name, ...rest, diskBytes: disk, source: { start, descend, index, file, base } };
}
