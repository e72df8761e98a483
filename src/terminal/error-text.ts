import type { WaifuError } from "../errors.ts";
import { ansi } from "./ansi.ts";
import { printableText } from "./printable.ts";
import type { Output } from "./terminal.ts";

/** An error for people: what failed, what mends it, and for a bug where it happened. */
export function renderError(error: WaifuError, output: Pick<Output, "hasColor">): string {
  const { red, dim } = ansi(output);
  const lines = [`${red("error:")} ${printableText(error.message)}`];
  if (error.code === "bug") lines.push(dim(stackOf(error.cause)));
  if (error.hint !== undefined) lines.push(`hint: ${printableText(error.hint)}`);
  return lines.map((line) => `${line}\n`).join("");
}

function stackOf(thrown: unknown): string {
  return thrown instanceof Error && thrown.stack !== undefined ? printableText(thrown.stack) : "(no stack)";
}
