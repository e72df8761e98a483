import { readFile } from "node:fs/promises";
import { WaifuError } from "../errors.ts";

/** The text of a file of the operator's; undefined where there is none. Throws `config`. `what` is like `the cluster file`. */
export async function readIfThere(path: string, what: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT") return undefined;
    throw new WaifuError("config", `Can't read ${what} ${path}: ${code}`, {
      hint: "It must be a readable file.",
      cause: error,
    });
  }
}
