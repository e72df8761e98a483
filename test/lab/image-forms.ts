import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { must } from "./run.ts";

/** Where the tiny guest's disk has nothing: at its end. */
const MARK_OFFSET = "31M";

/** Copies of a tiny image that boot as it does, and differ from all other copies in a mark that the guest can read. */
export async function markImage(image: string, folder: string, mark: string): Promise<string> {
  const marked = join(folder, `${mark}.qcow2`);
  const text = join(folder, `${mark}.txt`);
  await copyFile(image, marked);
  await Bun.write(text, mark.padEnd(512));
  await must(["qemu-io", "-f", "qcow2", "-c", `write -q -s ${text} ${MARK_OFFSET} 512`, marked]);
  return marked;
}

/** What the guest runs as root to say its disk's mark. */
export const readMark = "dd if=/dev/vda bs=1M skip=31 count=1 2>/dev/null | head -c 512 | tr -d ' '";

export const packings = ["qcow2.xz", "qcow2.gz", "raw", "raw.gz", "raw.zst"] as const;

/** The same disk in another file. */
export async function repack(image: string, packing: (typeof packings)[number]): Promise<string> {
  const [format = "", packer] = packing.split(".");
  const plain = format === "qcow2" ? image : `${image}.raw`;
  if (format === "raw") await must(["qemu-img", "convert", "-O", "raw", image, plain]);
  const tools = { xz: ["xz", "-0"], gz: ["gzip", "-1"], zst: ["zstd", "-q", "-1"] };
  const tool = Object.entries(tools).find(([ending]) => ending === packer)?.[1];
  if (tool === undefined) return plain;
  const packed = `${image}.${packing}`;
  await must(["sh", "-c", '"$@" >"$0"', packed, ...tool, "-c", plain]);
  return packed;
}
