import { ansi } from "../terminal/ansi.ts";
import type { Output } from "../terminal/terminal.ts";
import { type Argument, aliasesOf, kebab } from "./arguments.ts";
import type { GroupEntry } from "./command-table.ts";
import { type Command, everywhere } from "./define-command.ts";
import { flagName, isNeeded } from "./strict-words.ts";

type Look = Pick<Output, "hasColor">;

/** Help of the program itself, or of a group of commands; loads none of them. */
export function renderGroupHelp(program: string, group: GroupEntry, look: Look): string {
  const commands = group.commands.map(({ name, aliases = [], description }): [string, string] => [
    [name, ...aliases].join(", "),
    description,
  ]);
  return layOut(look, group.description, `${program} [FLAGS] COMMAND`, [
    ["Commands", aligned(commands)],
    ["Flags of every command", aligned(flagLines(Object.entries(everywhere)))],
  ]);
}

export function renderCommandHelp(program: string, purpose: string, command: Command, look: Look): string {
  const args = Object.entries(command.args);
  const positionals = args.filter(([, argument]) => argument.type === "positional");
  const flags = args.filter(([, argument]) => argument.type !== "positional");
  const usage = [
    program,
    "[FLAGS]",
    ...positionals.map(([name, argument]) => usageWord(name, argument)),
  ].join(" ");
  const words = positionals.map(([name, argument]): [string, string] => [
    flagName(name, argument),
    argument.description,
  ]);
  return layOut(look, purpose, usage, [
    ["Arguments", aligned(words)],
    ["Flags", aligned(flagLines(flags))],
    ["Examples", command.examples],
  ]);
}

function usageWord(name: string, argument: Argument): string {
  const isMany = argument.type === "positional" && (argument.repeatable || argument.rest);
  const word = flagName(name, argument) + (isMany ? "..." : "");
  return isNeeded(argument) ? word : `[${word}]`;
}

function flagLines(flags: readonly (readonly [string, Argument])[]): [string, string][] {
  return flags.map(([name, argument]) => {
    const short = aliasesOf(argument).find((alias) => alias.length === 1);
    const options = argument.type === "enum" ? argument.options.join("|") : "VALUE";
    const value = argument.type === "boolean" ? "" : ` ${argument.valueHint ?? options}`;
    const notes = [
      argument.type === "string" && argument.required && "required",
      argument.type === "string" && argument.repeatable && "may be repeated",
      argument.type === "string" && argument.default !== undefined && `default ${argument.default}`,
    ].filter(Boolean);
    const description = argument.description + (notes.length > 0 ? ` (${notes.join(", ")})` : "");
    return [`${short === undefined ? "    " : `-${short}, `}--${kebab(name)}${value}`, description];
  });
}

function aligned(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(0, ...rows.map(([term]) => term.length));
  return rows.map(([term, meaning]) => `${term.padEnd(width)}  ${meaning}`);
}

function layOut(look: Look, purpose: string, usage: string, sections: [string, readonly string[]][]): string {
  const { bold } = ansi(look);
  const parts = sections
    .filter(([, lines]) => lines.length > 0)
    .map(([title, lines]) => `\n${bold(`${title}:`)}\n${lines.map((line) => `  ${line}\n`).join("")}`);
  return `${purpose}\n\n${bold("Usage:")} ${usage}\n${parts.join("")}`;
}
