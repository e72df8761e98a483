import type { NodeConfig } from "../config/cluster-config.ts";
import { WaifuError } from "../errors.ts";
import type { Cluster } from "../nodes/cluster.ts";
import { onNode } from "../nodes/probe.ts";
import { type KeptFile, listImages, parseImages } from "../storage/kept-images.ts";
import type { Clone, NodeTemplate } from "../storage/storage.ts";
import { storageOf } from "../storage/storage-of.ts";
import { type KnownVersion, knownVersions } from "./versions.ts";

/** What one node holds of templates, and what hangs on them. */
export type Holdings = {
  readonly node: NodeConfig;
  readonly templates: readonly NodeTemplate[];
  readonly clones: readonly Clone[];
  /** Image files, and parts of some. */
  readonly files: readonly KeptFile[];
};

/** In one round trip. Throws `refused` when the storage is not there, `remote-failed` when it can't be said what is in use. */
export async function readHoldings(
  cluster: Cluster,
  node: NodeConfig,
  signal?: AbortSignal,
): Promise<Holdings> {
  const storage = storageOf(node.storage);
  const runner = await cluster.connect(node);
  const commands = [storage.inventory(), storage.clones(), listImages()];
  const [inventory, clones, files] = await runner.runAll(commands, signal);
  if (inventory === undefined || clones === undefined || files === undefined)
    throw new WaifuError("outcome-unknown", `node ${node.name} gave half an answer`, { node: node.name });
  return onNode(node, () => {
    const { templates } = storage.parseInventory(inventory);
    return { node, templates, clones: storage.parseClones(clones), files: parseImages(files) };
  });
}

/** Every version that is known here or on these nodes. */
export function versionsOf({ state }: Cluster, holdings: readonly Holdings[]): KnownVersion[] {
  const nodes = holdings.map(({ node, templates }) => ({ node: node.name, templates }));
  return knownVersions(state.templates.all(), nodes);
}

export function hasTemplate({ templates }: Pick<Holdings, "templates">, digest: string): boolean {
  return templates.some((template) => template.digest === digest);
}

export function imageOf(holdings: Holdings, digest: string): KeptFile | undefined {
  return holdings.files.find((file) => file.digest === digest && !file.isUnfinished);
}
