import { WaifuError } from "../errors.ts";
import type { NewUserData } from "../instances/edit.ts";
import type { SeededInstance } from "../instances/seed.ts";
import { decodeUserData, mostUserDataBytes, tooMuchUserData } from "../metadata/user-data-text.ts";
import type { Reporter } from "../reporter.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { readSome } from "./read-some.ts";

export type GivenUserData = { readonly text: string; readonly path: string };

/** Reads a file, or standard input for `-`. Throws `not-found`, and `usage` as `decodeUserData`. */
export async function readUserData(path: string, { input }: Pick<Terminal, "input">): Promise<GivenUserData> {
  if (path !== "-") return { text: await decodeUserData(await readFile(path), path), path };
  const name = "standard input";
  // A person who gives `-` at a terminal means to paste it.
  const bytes = await readSome(input ?? Bun.stdin.stream(), mostUserDataBytes, name);
  return { text: await decodeUserData(bytes, name), path: name };
}

/** Not with `node:fs`: to load its streams takes as long as the rest of the start. */
async function readFile(path: string): Promise<Uint8Array> {
  const file = Bun.file(path);
  const reading = Promise.all([file.stat(), file.slice(0, mostUserDataBytes + 1).bytes()]);
  const [{ size }, bytes] = await reading.catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
  if (size > mostUserDataBytes) throw tooMuchUserData(path, String(size));
  return bytes;
}

function unreadable(path: string, cause: unknown): WaifuError {
  const isMissing = cause instanceof Error && "code" in cause && cause.code === "ENOENT";
  const why = cause instanceof Error ? cause.message : String(cause);
  return new WaifuError(
    "not-found",
    isMissing ? `there is no user-data file ${path}` : `can't read the user-data file ${path}: ${why}`,
    { hint: "Give a cloud-config file, or - for standard input.", cause },
  );
}

/** Tells what is doubtful about it. Throws `usage` with all mistakes. */
export async function reviewGiven({ text, path }: GivenUserData, reporter: Reporter): Promise<NewUserData> {
  const { reviewUserData } = await import("../metadata/user-data-review.ts");
  const { facts, warnings } = reviewUserData(text, path);
  for (const warning of warnings) reporter.warn(warning);
  return { text, facts };
}

/** Reads and reviews the user-data of new instances, where there is any of the operator's own. */
export async function takeUserData(
  path: string | undefined,
  { terminal, reporter }: { readonly terminal: Pick<Terminal, "input">; readonly reporter: Reporter },
): Promise<NewUserData | undefined> {
  return path === undefined ? undefined : await reviewGiven(await readUserData(path, terminal), reporter);
}

/** What `edit` was given in place of an editor's work. Throws `usage`, `not-found`, or `refused` when there is nothing to go back to. */
export async function newUserData(
  { file, rollback }: { readonly file?: string; readonly rollback: boolean },
  seen: SeededInstance,
  terminal: Pick<Terminal, "input">,
): Promise<GivenUserData | undefined> {
  if (!rollback) return file === undefined ? undefined : await readUserData(file, terminal);
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
