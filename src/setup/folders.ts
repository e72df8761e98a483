import { dirname } from "node:path";
import type { NodeConfig } from "../config/cluster-config.ts";
import { binaryPath, seedCopyFolder, serviceUser } from "../metadata/service-paths.ts";
import { nodeFolder } from "../storage/node-files.ts";
import type { NodeFile } from "./machine.ts";

export type Folder = { readonly path: string; readonly owner: string; readonly mode: number };

/** QEMU runs as an account of its own and has to pass through to the files that libvirt hands to it; nobody need list them. */
const PASSABLE = 0o711;
const PRIVATE = 0o700;

/** What has to be there before anything can be kept in it. */
export function folders({ storage }: NodeConfig): Folder[] {
  const disks =
    storage.kind === "dir" ? ["", "/templates", "/instances"].map((name) => storage.path + name) : [];
  const passable = [nodeFolder, `${nodeFolder}/seeds`, `${nodeFolder}/images`, ...disks];
  return [
    ...[...new Set(passable)].map((path) => ({ path, owner: "root", mode: PASSABLE })),
    { path: dirname(binaryPath), owner: "root", mode: 0o755 },
    ...["/var/lib/waifu-redis", dirname(seedCopyFolder)].map((path) => ({
      path,
      owner: serviceUser,
      mode: PRIVATE,
    })),
  ];
}

/** Of the right owner, open to all who need it, and nobody else may write. A private one is private. */
export function isInOrder(folder: Folder, found: NodeFile | undefined): boolean {
  if (found === undefined || found.owner !== folder.owner) return false;
  const tooMuch = folder.mode === PRIVATE ? 0o077 : 0o022;
  return (found.mode & folder.mode) === folder.mode && (found.mode & tooMuch) === 0;
}
