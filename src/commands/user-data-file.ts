import { WaifuError } from "../errors.ts";

/** Reads a cloud-config file, or standard input for `-`. Throws `not-found`. */
export async function readUserData(
  path: string | undefined,
): Promise<{ text: string; path: string } | undefined> {
  if (path === undefined) return undefined;
  if (path === "-") return { text: await Bun.stdin.text(), path: "standard input" };
  const file = Bun.file(path);
  if (!(await file.exists())) {
    throw new WaifuError("not-found", `there is no user-data file ${path}`, {
      hint: "Give a cloud-config file, or - for standard input.",
    });
  }
  return { text: await file.text(), path };
}
