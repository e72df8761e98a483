import { isAbsolute } from "node:path";
import type { CommandResult } from "../command.ts";
import { WaifuError } from "../errors.ts";
import type { Step } from "../nodes/plan.ts";
import { inspectImage, parseImageInfo } from "../qemu/qemu-img.ts";
import { download, downloadPath, removeDownload, WRONG_DIGEST } from "../storage/node-files.ts";
import type { Storage } from "../storage/storage.ts";
import type { ResolvedTemplate } from "./resolve.ts";

/**
 * Brings a template onto a node that lacks it: fetched, verified, opened, converted. The image decides the rest, so only then is it known
 * whether a disk of `diskBytes` can hold it: throws `refused` when not.
 */
export function installTemplateStep(storage: Storage, template: ResolvedTemplate, diskBytes: number): Step {
  const { name, digest, source } = template;
  if (source === undefined) {
    throw new WaifuError(
      "refused",
      `the template ${name} is on other nodes only, and its source is not known here`,
      {
        hint: `Choose a node that has it (waifuctl template list), or add it here: waifuctl template add ${name} URL --sha256 ${digest}`,
      },
    );
  }
  const file = downloadPath(digest);
  return {
    title: `template ${name} (${digest.slice(0, 12)})`,
    commands: [
      ...storage.prepare(),
      download(digest, isAbsolute(source) ? { path: source } : { url: source }),
      inspectImage(file),
    ],
    andThen: {
      title: `template ${name}: convert the image`,
      commands: (results) => {
        const image = parseImageInfo(results.at(-1)?.stdout ?? "");
        checkDiskSize(name, image.virtualBytes, diskBytes);
        return [
          ...storage.installTemplate({ digest, name, virtualBytes: image.virtualBytes }, image, file),
          removeDownload(digest),
        ];
      },
    },
    explain: (result) => explainDownload(name, digest, source, result),
  };
}

/** Throws `refused` when the template does not fit on the disk. */
export function checkDiskSize(name: string, virtualBytes: number, diskBytes: number): void {
  if (diskBytes >= virtualBytes) return;
  const gib = Math.ceil(virtualBytes / 1024 ** 3);
  throw new WaifuError("refused", `the template ${name} needs a disk of at least ${virtualBytes} bytes`, {
    hint: `Ask for more: --disk ${gib}G`,
  });
}

function explainDownload(
  name: string,
  digest: string,
  source: string,
  result: CommandResult,
): WaifuError | undefined {
  if (result.exitCode !== WRONG_DIGEST) return undefined;
  return new WaifuError(
    "digest-mismatch",
    `the image of template ${name} at ${source} is not the one that was added: ${result.stderr.trim().split("\n").at(-1)}`,
    {
      hint: `If the new image is right: waifuctl template add ${name} ${source} --sha256 DIGEST (was ${digest})`,
    },
  );
}
