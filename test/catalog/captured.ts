import { readFileSync } from "node:fs";
import { join } from "node:path";

const folder = join(import.meta.dir, "captured");

/** A publisher's text, as captured/README.md describes it. */
export function captured(file: string): string {
  return readFileSync(join(folder, file), "utf8");
}

export function capturedFiles(): string[] {
  return [...new Bun.Glob("*/*").scanSync(folder)].sort();
}
