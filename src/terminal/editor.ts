import { WaifuError } from "../errors.ts";

/** As git does: the variable may hold options too, so a shell takes it apart. */
const script = 'exec ${VISUAL:-${EDITOR:-vi}} "$1"';

/** Runs the editor on our own terminal until it ends. Throws `refused` when it fails. */
export async function runEditor(path: string): Promise<void> {
  const streams = { stdin: "inherit", stdout: "inherit", stderr: "inherit" } as const;
  const status = await Bun.spawn(["sh", "-c", script, "sh", path], streams).exited;
  if (status === 0) return;
  throw new WaifuError("refused", `the editor ended with status ${status}: nothing was changed`, {
    hint: "Name another with EDITOR=, or give the text with --file FILE.",
  });
}
