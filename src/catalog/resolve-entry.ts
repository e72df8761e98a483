import type { Catalog, CatalogEntry } from "../config/catalog.ts";
import { WaifuError } from "../errors.ts";
import { nearest } from "../nearest.ts";
import { type Checksum, digestFor, parseChecksums } from "./checksums.ts";
import { newestLink, sameOrigin } from "./listing.ts";
import { compareNatural } from "./natural-order.ts";

/** Exactly these bytes, where they are, and what their publisher calls the version. */
export type ResolvedImage = {
  readonly url: string;
  /** 64 hex digits are SHA-256, 128 are SHA-512. */
  readonly digest: string;
  readonly release: string;
};

/** Throws `not-found` with the nearest name. */
export function findEntry(catalog: Catalog, name: string): CatalogEntry {
  const entry = catalog.get(name);
  if (entry !== undefined) return entry;
  const likely = nearest(name, new Set(catalog.keys()));
  throw new WaifuError("not-found", `the catalog has no template ${JSON.stringify(name)}`, {
    hint:
      likely === undefined
        ? "See waifuctl template list --catalog, or give its image: waifuctl template add NAME URL|FILE"
        : `Did you mean ${likely}?`,
  });
}

/**
 * The newest image of an entry, as its publisher names it now. Throws `refused` when nothing is published, or when what was fetched
 * names no image, doesn't give its digest, or leads to another host. `fetchText` follows redirects and throws for anything but a text.
 */
export async function resolveEntry(
  entry: CatalogEntry,
  fetchText: (url: string) => Promise<string>,
): Promise<ResolvedImage> {
  if (entry.kind === "unpublished") throw new WaifuError("refused", entry.reason, { hint: entry.hint });
  const { start, descend, index, file, base } = entry.source;
  let page = new URL(start);
  for (const pattern of descend) page = newestLink(await fetchText(page.href), page, pattern);
  page = new URL(index, page);
  const checksums = parseChecksums(await fetchText(page.href), page.href).map((one) => ({
    ...one,
    file: one.file ?? imageBeside(page),
  }));
  const image = newestImage(checksums, file);
  if (image === undefined) {
    throw new WaifuError("refused", `${page.href} names no image of ${entry.name}`, {
      hint: `Nothing there matches ${file}. The publisher may have renamed it: a catalog of your own can say how.`,
    });
  }
  const folder = base === undefined ? page : new URL(base.replaceAll("{release}", image.release));
  return {
    url: sameOrigin(image.file, folder).href,
    digest: digestFor(checksums, image.file, page.href),
    release: image.release,
  };
}

/** FILE for FILE.sha512, which holds a digest alone. */
function imageBeside(page: URL): string {
  return page.pathname.replace(/^.*\//, "").replace(/\.[^.]*$/, "");
}

function newestImage(
  checksums: readonly Required<Checksum>[],
  pattern: string,
): { file: string; release: string } | undefined {
  const wanted = new RegExp(`(?:^|/)(?:${pattern})$`);
  return checksums
    .flatMap(({ file }) => {
      const match = wanted.exec(file);
      if (match === null) return [];
      const release = match
        .slice(1)
        .filter((group) => group !== undefined)
        .join("-");
      return [{ file, release: release || file.replace(/^.*\//, "") }];
    })
    .sort((one, other) => compareNatural(one.release, other.release))
    .at(-1);
}
