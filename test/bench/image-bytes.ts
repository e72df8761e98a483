import type { Site } from "./site.ts";

const image = (digest: string) => `/var/lib/waifu/images/${digest}`;

/**
 * How many bytes of a template that is there a create reads and writes, the guest's own not counted.
 * - What is read of files is what the kernel has of them in memory (fincore) after it was made to forget them; guests read past that memory.
 * - What is written of a folder's disk is what the disk takes up.
 * - ZFS counts both itself, by volume; libvirt knows what of that was the guest.
 */
export async function bytesOfCreate(site: Site, template: string, digest: string): Promise<number> {
  const { operator } = site;
  const create = (name: string) =>
    operator.answer("create", name, "-t", template, "-m", "192M", "-d", "3G", "--no-wait");
  await create("first");
  const measured =
    site.storage === "zfs" ? await onZfs(site, digest, create) : await inFolder(site, digest, create);
  for (const name of ["first", "second"]) {
    await site.onNode("virsh", "-q", "destroy", name);
    await operator.answer("delete", name, "--yes");
  }
  return measured;
}

type Create = (name: string) => Promise<unknown>;

async function inFolder(site: Site, digest: string, create: Create): Promise<number> {
  const files = [image(digest), `/var/lib/waifu/templates/${digest}.qcow2`];
  await forget(site, files);
  await create("second");
  const disk = 'find /var/lib/waifu/instances -name "second.*.qcow2" -printf "%b\\n"';
  const blocks = Number(await site.onNode("sh", "-c", disk));
  return blocks * 512 + (await inMemory(site, files));
}

async function onZfs(site: Site, digest: string, create: Create): Promise<number> {
  await forget(site, [image(digest)]);
  const before = await volumeBytes(site);
  await create("second");
  const after = await volumeBytes(site);
  const guest = await site.onNode("virsh", "-q", "domblkstat", "second", "vda");
  const guestBytes = [...guest.matchAll(/(?:rd|wr)_bytes (\d+)/g)].reduce(
    (sum, [, bytes]) => sum + Number(bytes),
    0,
  );
  const moved = [`/waifu/templates/${digest}`, "/waifu/instances/second"].map((volume) => {
    const of = (counts: Map<string, number>) => counts.get(volume) ?? 0;
    return of(after) - of(before);
  });
  const total = moved.reduce((sum, bytes) => sum + bytes, 0);
  return Math.max(0, total - guestBytes) + (await inMemory(site, [image(digest)]));
}

async function forget(site: Site, files: readonly string[]): Promise<void> {
  const script =
    'for file; do dd of="$file" oflag=nocache conv=notrunc,fdatasync count=0 status=none || exit; done';
  await site.onNode("sh", "-c", script, "sh", ...files);
  const left = await inMemory(site, files);
  if (left > 0) throw new Error(`the node can't forget ${files.join(" and ")}: ${left} bytes are left`);
}

async function inMemory(site: Site, files: readonly string[]): Promise<number> {
  const stdout = await site.onNode("fincore", "--bytes", "--noheadings", "--output", "RES", ...files);
  return stdout.split("\n").reduce((sum, bytes) => sum + Number(bytes), 0);
}

/** Read and written of each volume since its pool was imported; names without the pool's. */
async function volumeBytes(site: Site): Promise<Map<string, number>> {
  const script = "cat /proc/spl/kstat/zfs/*/objset-*";
  const counts = new Map<string, number>();
  let volume = "";
  for (const line of (await site.onNode("sh", "-c", script)).split("\n")) {
    const [name, , value = ""] = line.split(/\s+/);
    if (name === "dataset_name") volume = value.replace(/^[^/]*/, "");
    if (name === "nread" || name === "nwritten")
      counts.set(volume, (counts.get(volume) ?? 0) + Number(value));
  }
  return counts;
}
