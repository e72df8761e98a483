import { mkdir, readdir, readlink, rename, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { cached, contentsOf } from "./cache.ts";
import { withLock } from "./lock.ts";
import { labDir } from "./paths.ts";
import { must } from "./run.ts";

/** The guests that the lab can build: `tiny` boots in seconds, `debian-12` has the real cloud-init. */
export const imageNames = ["tiny", "debian-12"] as const;
export type ImageName = (typeof imageNames)[number];

export type Image = { name: ImageName; path: string; sha256: string };

/** Builds an image from Debian packages, or finds it in the cache. */
export async function buildImage(name: ImageName): Promise<Image> {
  const source = join(import.meta.dir, "images", name);
  const folder = await cached(`image-${name}`, await contentsOf(source), async (unfinished) => {
    const work = join(unfinished, "work");
    await mkdir(work);
    await must([join(source, "build.sh")], { cwd: work });
    await rename(join(work, `${name}.qcow2`), join(unfinished, `${name}.qcow2`));
    await must(["rm", "-rf", "--one-file-system", work]);
    await Bun.write(join(unfinished, "sha256"), await digestOf(join(unfinished, `${name}.qcow2`)));
  });
  return { name, path: join(folder, `${name}.qcow2`), sha256: await Bun.file(join(folder, "sha256")).text() };
}

/** What a lab's mirror offers. */
export const shelf = (lab: string) => join(labDir(lab), "images");

/** Offers a file on the lab's mirror, or a newer one under an old name, as a distribution does. */
export async function publish(lab: string, fileName: string, path: string): Promise<void> {
  await withLock(`${shelf(lab)}.lock`, async () => {
    const link = join(shelf(lab), fileName);
    if ((await readlink(link).catch(() => "")) === path) return;
    await mkdir(shelf(lab), { recursive: true });
    await symlink(path, `${link}.new`);
    await rename(`${link}.new`, link);
    const files = (await readdir(shelf(lab))).filter((name) => name !== "SHA256SUMS").sort();
    const lines = files.map(async (name) => `${await digestOf(join(shelf(lab), name))}  ${name}\n`);
    await Bun.write(join(shelf(lab), "SHA256SUMS"), (await Promise.all(lines)).join(""));
  });
}

/** The built images among what the mirror offers. */
export async function publishedImages(lab: string): Promise<Image[]> {
  const found = imageNames.map(async (name) => {
    const path = await readlink(join(shelf(lab), `${name}.qcow2`)).catch(() => undefined);
    return path ? [{ name, path, sha256: await Bun.file(join(dirname(path), "sha256")).text() }] : [];
  });
  return (await Promise.all(found)).flat();
}

export async function digestOf(path: string): Promise<string> {
  const hasher = new Bun.CryptoHasher("sha256");
  for await (const chunk of Bun.file(path).stream()) hasher.update(chunk);
  return hasher.digest("hex");
}
