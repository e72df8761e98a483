import { existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { Glob } from "bun";
import { withLock } from "./lock.ts";
import { cacheDir } from "./paths.ts";

/**
 * The folder `<kind>-<digest of inputs>` of the cache, which `build` fills if it isn't there yet. Of several that ask
 * at once one builds and the others wait; an interrupted build leaves nothing that looks finished.
 */
export async function cached(
  kind: string,
  inputs: readonly string[],
  build: (folder: string) => Promise<void>,
): Promise<string> {
  const digest = new Bun.CryptoHasher("sha256").update(JSON.stringify(inputs)).digest("hex").slice(0, 12);
  const folder = join(cacheDir, `${kind}-${digest}`);
  if (existsSync(folder)) return folder;
  return withLock(join(cacheDir, `${kind}.lock`), async () => {
    if (existsSync(folder)) return folder;
    const unfinished = `${folder}.unfinished`;
    await rm(unfinished, { recursive: true, force: true });
    await mkdir(unfinished, { recursive: true });
    await build(unfinished);
    await rename(unfinished, folder);
    return folder;
  });
}

/** The name and text of every file under `folder`, to be digested. */
export async function contentsOf(folder: string): Promise<string[]> {
  const names = (await Array.fromAsync(new Glob("**/*").scan({ cwd: folder, dot: true }))).sort();
  return Promise.all(names.map(async (name) => `${name}\n${await Bun.file(join(folder, name)).text()}`));
}
