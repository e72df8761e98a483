import { join } from "node:path";

const SECTOR = 512;
/** cli; hlt; jmp back to hlt. */
const bootCode = [0xfa, 0xf4, 0xeb, 0xfd];

/**
 * A disk image of 1 MiB whose guest halts as soon as it is up: for tests that need instances, and not what is in them. Writes it below
 * `folder`; another name makes other bytes.
 */
export async function writeIdleImage(folder: string, name: string): Promise<string> {
  const image = new Uint8Array(1024 ** 2);
  image.set(bootCode);
  image.set([0x55, 0xaa], SECTOR - 2);
  image.set(new TextEncoder().encode(name), SECTOR);
  const path = join(folder, `${name}.img`);
  await Bun.write(path, image);
  return path;
}
