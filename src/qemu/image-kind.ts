import { type Command, repeatable } from "../command.ts";
import { WaifuError } from "../errors.ts";

/** Of an image file, by what is in it: names and addresses are never trusted. */
export type ImageKind = "qcow2" | "raw" | "xz" | "gzip" | "zstd";

const HEAD_BYTES = 4104;
const ISO_OFFSET = 32_769;

const headScript = `head -c ${HEAD_BYTES} "$1" | od -An -v -tx1 && tail -c +${ISO_OFFSET + 1} "$1" | head -c 5 | od -An -v -tx1`;

/** Prints the bytes that tell what a file is. */
export function readHead(path: string): Command {
  return repeatable(["sh", "-c", headScript, "sh", path]);
}

/** The same of bytes at hand, the first 64 KiB or more. Throws as `parseImageKind`. */
export function imageKindOf(beginning: Uint8Array): ImageKind {
  const iso = beginning.subarray(ISO_OFFSET, ISO_OFFSET + 5);
  return parseImageKind(Buffer.concat([beginning.subarray(0, HEAD_BYTES), iso]).toString("hex"));
}

type Magic = readonly [offset: number, hex: string];

const usable: readonly (readonly [ImageKind, Magic])[] = [
  ["qcow2", [0, "514649fb"]],
  ["xz", [0, "fd377a585a00"]],
  ["gzip", [0, "1f8b"]],
  ["zstd", [0, "28b52ffd"]],
];

const refused: readonly (readonly [string, Magic])[] = [
  ["a zip archive", [0, "504b0304"]],
  ["compressed with bzip2", [0, "425a68"]],
  ["an ELF program", [0, "7f454c46"]],
  ["a VMDK image", [0, "4b444d56"]],
  ["a VHDX image", [0, "7668647866696c65"]],
  ["a VDI image", [0x40, "7f10dabe"]],
  ["a tar archive", [257, "7573746172"]],
  ["an ISO 9660 image, made for installing", [HEAD_BYTES, "4344303031"]],
];

/** Of a partition table, in the first sector; the second and the ninth are GPT's own for both sizes of sectors. */
const disk: readonly Magic[] = [
  [510, "55aa"],
  [512, "4546492050415254"],
  [4096, "4546492050415254"],
];

/** Reads what `readHead` prints. Throws `refused`, and says what the file is instead, when no disk can be made of it. */
export function parseImageKind(stdout: string): ImageKind {
  const bytes = Buffer.from(stdout.replaceAll(/\s/g, ""), "hex");
  const has = ([offset, hex]: Magic) =>
    bytes.subarray(offset, offset + hex.length / 2).equals(Buffer.from(hex, "hex"));
  const found = usable.find(([, magic]) => has(magic))?.[0];
  if (found !== undefined) return found;
  const other = refused.find(([, magic]) => has(magic))?.[0] ?? textKind(bytes.toString("latin1", 0, 1024));
  if (other === undefined && disk.some(has)) return "raw";
  throw new WaifuError(
    "refused",
    `the image is ${other ?? "no disk: it holds neither qcow2 nor a partition table"}`,
    {
      hint: "Templates are qcow2 or raw disk images, as they are or packed with xz, gzip or zstd.",
    },
  );
}

function textKind(text: string): string | undefined {
  if (/<!doctype html|<html/i.test(text)) return "a web page";
  return text === "" ? "empty" : undefined;
}
