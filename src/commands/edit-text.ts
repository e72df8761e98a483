import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WaifuError } from "../errors.ts";
import type { Context } from "./define-command.ts";

/**
 * Lets the person edit a text in a file until `use` takes that; when that throws `usage` they may edit again. The file that they edit is theirs alone,
 * and stays where it is unless `use` succeeds: what they wrote is never lost.
 */
export async function editText<T>(
  { terminal, reporter }: Pick<Context, "terminal" | "reporter">,
  { name, text }: { readonly name: string; readonly text: string },
  use: (path: string) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "waifuctl-"));
  const path = join(folder, name);
  await writeFile(path, text, { mode: 0o600 });
  try {
    for (;;) {
      await terminal.edit(path);
      try {
        const result = await use(path);
        await rm(folder, { recursive: true });
        return result;
      } catch (error) {
        if (!(error instanceof WaifuError) || error.code !== "usage") throw error;
        reporter.warn(error.message);
        if (!(await terminal.confirm("Edit it again?"))) throw error;
      }
    }
  } catch (error) {
    const edited = await Bun.file(path).text();
    if (edited === text) await rm(folder, { recursive: true });
    else reporter.note(`Your text is kept in ${path}`);
    throw error;
  }
}
