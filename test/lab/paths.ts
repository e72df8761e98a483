import { join } from "node:path";

/** Everything of the lab that is slow to make, and the nodes' disks. Must not lie in a folder that nodes overlay (/etc, /var/lib). */
export const cacheDir = process.env.WAIFU_LAB_CACHE ?? "/var/cache/waifu-lab";

/** What is up right now; gone after a reboot, as the labs themselves are. */
export const runDir = "/run/waifu-lab";

/** The key that opens every account of every node and guest of every lab. */
export const identityFile = join(cacheDir, "key");

export const labDir = (lab: string) => join(runDir, lab);
export const labDisksDir = (lab: string) => join(cacheDir, "labs", lab);
export const nodeDiskDir = (lab: string, node: string) => join(labDisksDir(lab), node);
