import { readFileSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { WaifuError } from "../errors.ts";
import type { Descriptions } from "./description.ts";
import { type DescriptionText, parseDescriptions } from "./parse-descriptions.ts";
import { readIfThere } from "./read-if-there.ts";

/** Reads a file, all *.toml of a folder, or standard input for `-`, and the user-data files that they name. Throws `config`. */
export async function loadDescriptions(path: string): Promise<Descriptions> {
  return parseDescriptions(await readTexts(path), readText);
}

async function readTexts(path: string): Promise<DescriptionText[]> {
  if (path === "-") return [{ path: "standard input", folder: process.cwd(), text: await Bun.stdin.text() }];
  const isFolder = (await stat(path).catch(() => undefined))?.isDirectory() === true;
  const names = isFolder ? (await readdir(path)).filter((name) => name.endsWith(".toml")).sort() : [];
  if (isFolder && names.length === 0) {
    throw new WaifuError("config", `there is no .toml file in the folder ${path}`, {
      hint: "Describe instances in one, or begin with what runs: waifuctl export > FILE.toml",
    });
  }
  const files = isFolder ? names.map((name) => join(path, name)) : [path];
  return await Promise.all(files.map(readOne));
}

async function readOne(path: string): Promise<DescriptionText> {
  const text = await readIfThere(path, "the descriptions");
  if (text !== undefined) return { path, folder: resolve(dirname(path)), text };
  throw new WaifuError("config", `there are no descriptions ${path}`, {
    hint: "Name a TOML file, a folder of them, or - for standard input; waifuctl export writes one of what runs.",
  });
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
