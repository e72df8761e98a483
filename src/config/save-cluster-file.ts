import { access, constants, copyFile, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { WaifuError } from "../errors.ts";

/** Throws `exists` for a file that may not be replaced, `refused` where none can be written. Changes nothing. */
export async function checkClusterFilePlace(path: string, mayReplace: boolean): Promise<void> {
  if (!mayReplace && (await isThere(path))) {
    throw new WaifuError("exists", `${path} is there already`, {
      hint: "Edit it, or replace it with --force, which keeps the old one beside it as .bak.",
    });
  }
  const folder = dirname(path);
  if (!(await isThere(folder))) return;
  await access(folder, constants.W_OK).catch((cause) => {
    throw cannotWrite(path, cause);
  });
}

/** Writes the file whole or not at all; what it replaces is kept as PATH.bak. Throws `refused`. */
export async function saveClusterFile(path: string, text: string): Promise<void> {
  const draft = `${path}.${process.pid}.new`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(draft, text);
    if (await isThere(path)) await copyFile(path, `${path}.bak`);
    await rename(draft, path);
  } catch (cause) {
    await rm(draft, { force: true }).catch(() => {});
    throw cannotWrite(path, cause);
  }
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function cannotWrite(path: string, cause: unknown): WaifuError {
  const why = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
  return new WaifuError("refused", `can't write ${path}: ${why}`, {
    hint: "Name another place: --output FILE",
    cause,
  });
}
