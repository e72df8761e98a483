import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ImageKind, parseImageKind, readHead } from "../../src/qemu/image-kind.ts";

/** What the node's own tools say of a file with these bytes. */
async function headOf(bytes: Uint8Array): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "waifu-kind-"));
  try {
    const file = join(folder, "image");
    await Bun.write(file, bytes);
    const [program, ...args] = readHead(file).argv;
    return Bun.spawnSync([program, ...args]).stdout.toString();
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function bytesAt(offset: number, text: string, length = 40_000): Buffer {
  const bytes = Buffer.alloc(length);
  bytes.write(text, offset, "latin1");
  return bytes;
}

async function madeWith(...argv: [string, ...string[]]): Promise<Buffer> {
  return Buffer.from(
    await new Response(Bun.spawn(argv, { stdin: Buffer.alloc(10_000) }).stdout).arrayBuffer(),
  );
}

test.each<[string, () => Buffer | Promise<Buffer>, ImageKind]>([
  ["qcow2", () => bytesAt(0, "QFI\xfb"), "qcow2"],
  ["xz", () => madeWith("xz", "-c"), "xz"],
  ["gzip", () => madeWith("gzip", "-c"), "gzip"],
  ["zstd", () => madeWith("zstd", "-c"), "zstd"],
  ["a disk with an MBR", () => bytesAt(510, "\x55\xaa"), "raw"],
  ["a disk with a GPT", () => bytesAt(512, "EFI PART"), "raw"],
  ["a disk with a GPT and big sectors", () => bytesAt(4096, "EFI PART"), "raw"],
])("%s can be used", async (_, make, kind) => {
  expect(parseImageKind(await headOf(await make()))).toBe(kind);
});

test.each<[string, () => Buffer | Promise<Buffer>]>([
  ["a web page", () => Buffer.from('<?xml version="1.0"?>\n<!DOCTYPE html>\n<HTML>moved</HTML>\n')],
  ["empty", () => Buffer.alloc(0)],
  ["a zip archive", () => bytesAt(0, "PK\x03\x04")],
  ["a tar archive", () => madeWith("tar", "-c", "/etc/hostname")],
  ["an ELF program", async () => Buffer.from(await Bun.file("/bin/sh").arrayBuffer())],
  ["compressed with bzip2", () => bytesAt(0, "BZh9")],
  ["a VMDK image", () => bytesAt(0, "KDMV")],
  [
    "an ISO 9660 image",
    () => {
      // A hybrid has a partition table too.
      const bytes = bytesAt(32_769, "CD001");
      bytes.write("\x55\xaa", 510, "latin1");
      return bytes;
    },
  ],
  ["no disk: it holds neither qcow2 nor a partition table", () => Buffer.from("another image\n")],
])("%s is refused, and called what it is", async (name, make) => {
  const head = await headOf(await make());
  expect(() => parseImageKind(head)).toThrow(`the image is ${name}`);
});
