import { ansi } from "./ansi.ts";
import { printableLine } from "./printable.ts";
import type { Output } from "./terminal.ts";

/** One thing's properties, a line each, values aligned. */
export function renderFields(
  fields: Readonly<Record<string, string>>,
  output: Pick<Output, "hasColor">,
): string {
  const width = Math.max(...Object.keys(fields).map((title) => title.length));
  return Object.entries(fields)
    .map(([title, value]) => `${ansi(output).bold(`${title}:`.padEnd(width + 1))} ${printableLine(value)}\n`)
    .join("");
}
