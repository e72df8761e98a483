import type { Command, CommandResult } from "../command.ts";
import type { StorageConfig } from "../config/cluster-config.ts";
import type { DiskSource } from "../libvirt/domain-xml.ts";
import type { ImageInfo } from "../qemu/qemu-img.ts";

export type DiskName = { readonly name: string; readonly uuid: string };

/** One instance's disk as found on the node. */
export type Disk = DiskName & {
  /** What it takes up now. */
  readonly allocatedBytes: number;
  /** What it may grow to; absent where only the domain knows (`dir`). */
  readonly virtualBytes?: number;
};

export type NodeTemplate = { readonly digest: string; readonly name: string; readonly virtualBytes: number };

export type StorageInventory = {
  readonly totalBytes: number;
  readonly freeBytes: number;
  readonly disks: readonly Disk[];
  readonly templates: readonly NodeTemplate[];
};

/**
 * One kind of storage, as commands. Everything made bears the instance's uuid, so that it can be found, repeated or removed later;
 * removing what is not there is well done.
 */
export interface Storage {
  readonly kind: StorageConfig["kind"];
  /** Reads all that the storage holds, in one command. */
  inventory(): Command;
  /** Throws `refused` when the pool or folder is not there. */
  parseInventory(result: CommandResult): StorageInventory;
  /** The folders or datasets that everything else stands in. */
  prepare(): Command[];
  /** Turns a verified image file on the node into a template that can be cloned. */
  installTemplate(template: NodeTemplate, image: ImageInfo, file: string): Command[];
  /** Removes what an interrupted installTemplate left. Only for a digest that the inventory does not show. */
  discardTemplate(digest: string): Command[];
  /** A copy-on-write clone of the template. */
  createDisk(disk: DiskName, digest: string, sizeBytes: number): Command[];
  /** Back to the fresh clone. The instance must be off. */
  resetDisk(disk: DiskName, digest: string, sizeBytes: number): Command[];
  deleteDisk(disk: DiskName): Command[];
  diskSource(disk: DiskName): DiskSource;
}
