import { WaifuError } from "../errors.ts";
import type { ResolvedTemplate } from "../templates/resolve.ts";

type Needs = Pick<ResolvedTemplate, "name" | "virtualBytes" | "minDiskBytes">;

/** What was asked for, or else the usual, or what the template needs. */
export function chooseDiskSize(asked: number | undefined, usual: number, template: Needs): number {
  return asked ?? Math.max(usual, leastBytes(template));
}

/** Throws `refused` when the template does not fit on the disk. */
export function checkDiskSize(template: Needs, diskBytes: number): void {
  const least = leastBytes(template);
  if (diskBytes >= least) return;
  throw new WaifuError("refused", `the template ${template.name} needs a disk of at least ${least} bytes`, {
    hint: `Ask for more: --disk ${Math.ceil(least / 1024 ** 3)}G`,
  });
}

function leastBytes({ virtualBytes = 0, minDiskBytes = 0 }: Needs): number {
  return Math.max(virtualBytes, minDiskBytes);
}
