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

/** What a template says of itself. */
export type TemplateLabel = { readonly digest: string; readonly name: string; readonly virtualBytes: number };

export type NodeTemplate = TemplateLabel & {
  /** What it takes up, its clones left out; absent where nobody measured it. */
  readonly allocatedBytes?: number;
};

/** Something that reads its bytes from a template: an instance's disk, with or without a domain, or whatever a person made by hand. */
export type Clone = { readonly name: string; readonly digest: string };

export type StorageInventory = {
  readonly totalBytes: number;
  readonly freeBytes: number;
  readonly disks: readonly Disk[];
  readonly templates: readonly NodeTemplate[];
  /** Digests of templates that are being installed, or whose installation was cut off. */
  readonly unfinished: readonly string[];
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
  /** Reads what is cloned from templates. Only together with the inventory, which tells whether the storage is there. */
  clones(): Command;
  /** Throws `remote-failed` when that can't be said: what looks unused could be in use. */
  parseClones(result: CommandResult): Clone[];
  /** A template can be installed anew below its clones. */
  readonly canReplaceInUse: boolean;
  /** Turns a verified image file on the node into a template that can be cloned. */
  installTemplate(template: TemplateLabel, image: ImageInfo, file: string): Command[];
  /** Removes what an interrupted installTemplate left. Only for a digest that the inventory does not show. */
  discardTemplate(digest: string): Command[];
  /** Removes a template. Only when nothing is cloned from it, and under the node's lock. */
  deleteTemplate(digest: string): Command[];
  /** Each exits with 0 if a new clone would read the very bytes of the image. */
  compareTemplate(digest: string, image: ImageInfo, file: string): Command[];
  /** Undoes what was written to a template since it was made, as far as the storage knows. */
  revertTemplate(digest: string): Command[];
  /** A copy-on-write clone of the template. */
  createDisk(disk: DiskName, digest: string, sizeBytes: number): Command[];
  /** Back to the fresh clone. The instance must be off. */
  resetDisk(disk: DiskName, digest: string, sizeBytes: number): Command[];
  deleteDisk(disk: DiskName): Command[];
  diskSource(disk: DiskName): DiskSource;
}
