import type { CatalogEntry } from "../config/catalog.ts";
import { loadCatalog } from "../config/load-catalog.ts";
import type { Cluster } from "../nodes/cluster.ts";

export type { CatalogEntry };

/** What `template add NAME` can find by itself, the operator's own catalog included, by name. Throws `config`. */
export async function listCatalog({ config }: Pick<Cluster, "config">): Promise<CatalogEntry[]> {
  const entries = [...(await loadCatalog(config.catalogPath)).values()];
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
}
