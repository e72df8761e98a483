import type { NodeConfig } from "../config/cluster-config.ts";
import { WaifuError } from "../errors.ts";
import { formatSize } from "../size.ts";
import type { ImageLook } from "../storage/image-look.ts";
import type { StorageInventory } from "../storage/storage.ts";

type Needs = { readonly name: string; readonly imageBytes?: number; readonly virtualBytes?: number };

/** Throws `NoRoom` where an image and its template clearly won't fit. A template never takes more than its disk, and often less. */
export function checkRoom(
  node: NodeConfig,
  { name, imageBytes = 0, virtualBytes = 0 }: Needs,
  { partBytes, freeBytes }: Pick<ImageLook, "partBytes" | "freeBytes">,
  storage: Pick<StorageInventory, "freeBytes">,
): void {
  const missing = imageBytes - partBytes;
  if (missing > freeBytes)
    throw lacksRoom(
      node,
      name,
      `its image takes ${formatSize(missing)}, and ${formatSize(freeBytes)} are free`,
    );
  if (virtualBytes > storage.freeBytes) {
    const free = formatSize(storage.freeBytes);
    throw lacksRoom(
      node,
      name,
      `its disk may take ${formatSize(virtualBytes)}, and the storage has ${free} free`,
    );
  }
}

/** Another node may have the room. */
export class NoRoom extends WaifuError {}

export function lacksRoom(node: NodeConfig, name: string, why: string): NoRoom {
  return new NoRoom("refused", `node ${node.name} has no room for the template ${name}: ${why}`, {
    node: node.name,
    instance: name,
    hint: `Make room there: waifuctl template prune --node ${node.name}`,
  });
}
