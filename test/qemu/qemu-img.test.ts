import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ImageInfo, inspectImage, parseImageInfo } from "../../src/qemu/qemu-img.ts";

/** Makes an image with the real qemu-img, and reads what it says of it. */
function infoOf(...create: string[]): string {
  const folder = mkdtempSync(join(tmpdir(), "waifu-img-"));
  try {
    Bun.spawnSync(["qemu-img", "create", "-q", "-f", "raw", "base.raw", "1M"], { cwd: folder });
    const made = Bun.spawnSync(["qemu-img", "create", "-q", ...create], { cwd: folder });
    if (!made.success) throw new Error(made.stderr.toString());
    return Bun.spawnSync([...inspectImage("image").argv], { cwd: folder }).stdout.toString();
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test.each<[string, string[], ImageInfo]>([
  ["qcow2", ["-f", "qcow2", "image", "4M"], { format: "qcow2", virtualBytes: 4 * 1024 ** 2 }],
  ["raw", ["-f", "raw", "image", "4M"], { format: "raw", virtualBytes: 4 * 1024 ** 2 }],
])("a %s image can be used", (_, create, expected) => {
  expect(parseImageInfo(infoOf(...create))).toEqual(expected);
});

test.each<[string, string[], string]>([
  [
    "a backing file",
    ["-f", "qcow2", "-F", "raw", "-b", "base.raw", "image"],
    "the image reads another file, base.raw",
  ],
  [
    "a data file",
    ["-f", "qcow2", "-o", "data_file=other.raw", "image", "1M"],
    "the image reads another file, other.raw",
  ],
  ["another format", ["-f", "vmdk", "image", "1M"], "the image is vmdk; qcow2 and raw can be used"],
])("an image with %s is refused", (_, create, message) => {
  expect(() => parseImageInfo(infoOf(...create))).toThrow(message);
});
