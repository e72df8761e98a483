import { type Command, repeatable } from "../command.ts";
import { WaifuError } from "../errors.ts";

/** Copying an image through a slow disk. */
const CONVERT_MS = 3_600_000;

export type ImageInfo = { readonly format: string; readonly virtualBytes: number };

/** Without a format qemu-img guesses: what is in a raw disk may pass for another format, which can name other files. */
export function inspectImage(path: string, format?: "qcow2" | "raw"): Command {
  return repeatable(["qemu-img", "info", ...(format ? ["-f", format] : []), "--output=json", path]);
}

/**
 * Reads `qemu-img info --output=json`.
 * Throws `refused` for anything but raw and qcow2, and for an image that names other files: it could read the node's own.
 */
export function parseImageInfo(stdout: string): ImageInfo {
  const info = JSON.parse(stdout) as {
    format: string;
    "virtual-size": number;
    "backing-filename"?: string;
    "format-specific"?: { data?: { "data-file"?: string } };
  };
  const other = info["backing-filename"] ?? info["format-specific"]?.data?.["data-file"];
  if (other !== undefined) {
    throw new WaifuError("refused", `the image reads another file, ${other}`, {
      hint: "Flatten it first: qemu-img convert -O qcow2 IMAGE FLAT.qcow2",
    });
  }
  if (info.format !== "qcow2" && info.format !== "raw") {
    throw new WaifuError("refused", `the image is ${info.format}; qcow2 and raw can be used`, {
      hint: "Convert it first: qemu-img convert -O qcow2 IMAGE NEW.qcow2",
    });
  }
  return { format: info.format, virtualBytes: info["virtual-size"] };
}

/** Into a new qcow2 file; holes stay holes. Prints its progress. */
export function convertToFile(from: string, format: string, to: string): Command {
  return repeatable(["qemu-img", "convert", "-p", "-f", format, "-O", "qcow2", from, to], {
    timeoutMs: CONVERT_MS,
  });
}

/** Into an empty volume that exists. Without `--target-is-zero` every zero is written out. Prints its progress. */
export function convertToVolume(from: string, format: string, device: string): Command {
  const argv = ["-p", "-n", "--target-is-zero", "-W", "-f", format, "-O", "raw", from, device];
  return repeatable(["qemu-img", "convert", ...argv], { timeoutMs: CONVERT_MS });
}

/** The share that is done, of 1, by the last of what `-p` printed. */
export function parseConvertProgress(text: string): number | undefined {
  const percent = /.*\((\d+\.\d+)\/100%\)/s.exec(text)?.[1];
  return percent === undefined ? undefined : Number(percent) / 100;
}

/** A fresh copy-on-write file over the backing file, of which nothing is read; what the path held before is lost. */
export function createOverlay(path: string, backing: string, sizeBytes: number): Command {
  const over = ["-f", "qcow2", "-F", "qcow2", "-u", "-b", backing];
  return repeatable(["qemu-img", "create", "-q", ...over, path, String(sizeBytes)]);
}

/** Exits with 0 when both show the same bytes, 1 when not, and more when one of them can't be read to its end. */
export function compareImages(one: string, format: string, other: string, otherFormat: string): Command {
  return repeatable(["qemu-img", "compare", "-f", format, "-F", otherFormat, one, other], {
    timeoutMs: CONVERT_MS,
  });
}
