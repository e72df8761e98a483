import type { StorageConfig } from "../config/cluster-config.ts";
import { dirStorage } from "./dir-storage.ts";
import type { Storage } from "./storage.ts";
import { zfsStorage } from "./zfs-storage.ts";

/** The storage that a node's configuration names. */
export function storageOf(config: StorageConfig): Storage {
  return config.kind === "zfs" ? zfsStorage(config.pool) : dirStorage(config.path);
}
