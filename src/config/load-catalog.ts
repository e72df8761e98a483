import embeddedText from "../../templates/catalog.toml" with { type: "text" };
import { WaifuError } from "../errors.ts";
import type { Catalog } from "./catalog.ts";
import { parseCatalog } from "./catalog-file.ts";
import { readIfThere } from "./read-if-there.ts";

/** The catalog in the binary, and over it the operator's own at `path`. Throws `config`. */
export async function loadCatalog(path: string | undefined): Promise<Catalog> {
  const embedded = parseCatalog(embeddedText, "waifuctl's own templates/catalog.toml");
  if (path === undefined) return embedded;
  const text = await readIfThere(path, "the catalog");
  if (text !== undefined) return new Map([...embedded, ...parseCatalog(text, path)]);
  throw new WaifuError("config", `There is no catalog ${path}`, {
    hint: "The key catalog in cluster.toml names it: correct it, or leave it out.",
  });
}
