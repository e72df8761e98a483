import { WaifuError } from "../errors.ts";
import type { SeededInstance } from "../instances/seed.ts";

export type GivenUserData = { readonly text: string; readonly path: string };

/** Reads a cloud-config file, or standard input for `-`. Throws `not-found`. */
export async function readUserData(path: string | undefined): Promise<GivenUserData | undefined> {
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

/** What `edit` was given in place of an editor's work. Throws `usage`, `not-found`, or `refused` when there is nothing to go back to. */
export async function newUserData(
  { file, rollback }: { readonly file?: string; readonly rollback: boolean },
  seen: SeededInstance,
): Promise<GivenUserData | undefined> {
  if (!rollback) return await readUserData(file);
  if (file !== undefined) {
    throw new WaifuError("usage", "--file and --rollback don't go together", { hint: "Give one of them." });
  }
  const [previous] = seen.history.earlier;
  const { name } = seen.instance.spec;
  if (previous !== undefined) return { text: previous.userData, path: `generation ${previous.generation}` };
  throw new WaifuError("refused", `${name} has only one generation of its seed: there is none before`, {
    instance: name,
  });
}
