import { type Command, repeatable } from "../command.ts";
import { WaifuError } from "../errors.ts";

/** Copying an image through a slow disk. */
const CONVERT_MS = 3_600_000;

export type ImageInfo = { readonly format: string; readonly virtualBytes: number };

export function inspectImage(path: string): Command {
  return repeatable(["qemu-img", "info", "--output=json", path]);
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

/** Into a new qcow2 file; holes stay holes. */
export function convertToFile(from: string, format: string, to: string): Command {
  return repeatable(["qemu-img", "convert", "-f", format, "-O", "qcow2", from, to], {
    timeoutMs: CONVERT_MS,
  });
}

/** Into an empty volume that exists. Without `--target-is-zero` every zero is written out. */
export function convertToVolume(from: string, format: string, device: string): Command {
  const argv = ["-n", "--target-is-zero", "-W", "-f", format, "-O", "raw", from, device];
  return repeatable(["qemu-img", "convert", ...argv], { timeoutMs: CONVERT_MS });
}

/** A fresh copy-on-write file over the backing file; what the path held before is lost. */
export function createOverlay(path: string, backing: string, sizeBytes: number): Command {
  return repeatable([
    "qemu-img",
    "create",
    "-q",
    "-f",
    "qcow2",
    "-F",
    "qcow2",
    "-b",
    backing,
    path,
    String(sizeBytes),
  ]);
}
