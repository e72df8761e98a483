import type { Command, CommandResult } from "../command.ts";
import type { NodeConfig } from "../config/cluster-config.ts";
import { WaifuError } from "../errors.ts";
import { lastComplaint } from "../libvirt/virsh.ts";
import { stepError } from "../nodes/plan.ts";
import { type ImageKind, parseImageKind, readHead } from "../qemu/image-kind.ts";
import { type ImageInfo, inspectImage, parseConvertProgress, parseImageInfo } from "../qemu/qemu-img.ts";
import type { Step } from "../reporter.ts";
import { formatSize } from "../size.ts";
import type { Runner } from "../ssh/runner.ts";
import { asImageWork } from "../storage/image-work.ts";
import { imagePath, removeFiles } from "../storage/node-files.ts";
import type { Storage } from "../storage/storage.ts";
import { type Packing, unpackedPath, unpackImage, unpackStatus } from "../storage/unpack-image.ts";
import { lacksRoom } from "./room.ts";

/** A template's image on one node, and who hears of the work on it. Only under the image's lock. */
export type ImageOnNode = {
  readonly node: NodeConfig;
  readonly runner: Runner;
  readonly template: { readonly name: string; readonly digest: string };
  readonly report: Step;
  readonly signal?: AbortSignal;
};

/** A disk image that qemu-img can read, on the node. */
export type ImageDisk = ImageInfo & { readonly file: string };

/** No template can be made of these bytes, on whatever node. */
export class UnusableImage extends WaifuError {}

/**
 * What is in the kept image file: itself, or what was packed in it, unpacked beside it until `closeImage`. Throws `UnusableImage` for what
 * can't be a template.
 */
export async function openImage(image: ImageOnNode): Promise<ImageDisk> {
  const path = imagePath(image.template.digest);
  let [file, kind] = [path, await kindOf(image, path)];
  if (isPacking(kind)) {
    image.report.update("unpacking");
    const result = await image.runner.run(unpackImage(path, kind), image.signal);
    if (result.exitCode !== 0) throw unpackError(image, kind, result);
    file = unpackedPath(path);
    kind = await kindOf(image, file);
    if (isPacking(kind)) throw unusable(image, `the image is packed twice, the second time with ${kind}`);
  }
  const { stdout } = await run(image, inspectImage(file, kind));
  return { ...orUnusable(image, () => parseImageInfo(stdout)), file };
}

export async function closeImage({ runner, template }: ImageOnNode, { file }: ImageDisk): Promise<void> {
  const unpacked = unpackedPath(imagePath(template.digest));
  if (file === unpacked) await runner.run(removeFiles(unpacked));
}

/** Makes the storage's template of an opened image, in place of what an interrupted try left. */
export async function convertImage(image: ImageOnNode, storage: Storage, disk: ImageDisk): Promise<void> {
  const { template, report } = image;
  const label = { digest: template.digest, name: template.name, virtualBytes: disk.virtualBytes };
  report.update("converting");
  let printed = "";
  const onOutput = (chunk: Buffer): void => {
    printed = (printed + chunk.toString("latin1")).slice(-256);
    const share = parseConvertProgress(printed);
    if (share === undefined) return;
    report.update({ doneBytes: Math.round(share * disk.virtualBytes), totalBytes: disk.virtualBytes });
  };
  const path = imagePath(template.digest);
  for (const command of [...storage.prepare(), ...storage.installTemplate(label, disk, disk.file)])
    await run(image, asImageWork(path, command), onOutput, disk.virtualBytes);
}

async function kindOf(image: ImageOnNode, file: string): Promise<ImageKind> {
  const { stdout } = await run(image, readHead(file));
  return orUnusable(image, () => parseImageKind(stdout));
}

function orUnusable<T>(image: ImageOnNode, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof WaifuError)) throw error;
    throw unusable(image, error.message, error);
  }
}

function unusable({ node, template }: ImageOnNode, message: string, cause?: WaifuError): UnusableImage {
  return new UnusableImage("refused", `template ${template.name}: ${message}`, {
    node: node.name,
    instance: template.name,
    hint: cause?.hint,
    cause,
  });
}

function isPacking(kind: ImageKind): kind is Packing {
  return kind !== "qcow2" && kind !== "raw";
}

async function run(
  { runner, node, template, signal }: ImageOnNode,
  command: Command,
  onOutput?: (chunk: Buffer) => void,
  needed?: number,
): Promise<CommandResult> {
  const result = await runner.run(command, signal, { onOutput });
  if (result.exitCode === 0) return result;
  if (/no space left|out of space/i.test(result.stderr)) {
    const said = lastComplaint(result.stderr);
    throw lacksRoom(
      node,
      template.name,
      `${said}${needed === undefined ? "" : `; its disk may take ${formatSize(needed)}`}`,
    );
  }
  throw stepError({ node, instance: template.name }, `template ${template.name}`, result);
}

function unpackError(image: ImageOnNode, packing: Packing, result: CommandResult): WaifuError {
  const { node, template } = image;
  const { noProgram, noRoom, damaged } = unpackStatus;
  const said = result.stderr.trim();
  if (result.exitCode === noRoom) return lacksRoom(node, template.name, said);
  if (result.exitCode === damaged) return unusable(image, said);
  if (result.exitCode !== noProgram) return stepError({ node, instance: template.name }, "unpacking", result);
  const debian = packing === "xz" ? "xz-utils" : packing;
  return new WaifuError("refused", `node ${node.name} can't unpack the image of ${template.name}: ${said}`, {
    node: node.name,
    instance: template.name,
    hint: `On ${node.name} (Debian, Ubuntu): apt install ${debian}`,
  });
}
