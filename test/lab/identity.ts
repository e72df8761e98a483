import { mkdir } from "node:fs/promises";
import { withLock } from "./lock.ts";
import { cacheDir, identityFile } from "./paths.ts";
import { must } from "./run.ts";

/** Makes the key that opens every account of every lab, if nobody has yet. */
export async function makeIdentity(): Promise<void> {
  await mkdir(cacheDir, { recursive: true });
  await withLock(`${identityFile}.lock`, async () => {
    if (await Bun.file(identityFile).exists()) return;
    await must(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "waifu-lab", "-f", identityFile]);
  });
}
