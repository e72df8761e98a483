import { join } from "node:path";
import type { Operation } from "../../src/state/journal.ts";

const script = `
const [module, path, operation] = process.argv.slice(1);
const { openState } = await import(module);
openState(path, "ana@desk", () => new Date("2026-01-01T00:00:00Z")).journal.begin(JSON.parse(operation));`;

/** Journals an operation in a process of its own, which ends before the operation does. */
export async function beginAndDie(statePath: string, operation: Operation): Promise<void> {
  const module = join(import.meta.dir, "../../src/state/state.ts");
  const words = [process.execPath, "-e", script, module, statePath, JSON.stringify(operation)];
  const child = Bun.spawn(words, { stderr: "inherit" });
  if ((await child.exited) !== 0) throw new Error("the operation was not begun");
}
