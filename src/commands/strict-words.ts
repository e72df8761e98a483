import { parseArgs } from "node:util";
import { WaifuError } from "../errors.ts";
import { nearest } from "../nearest.ts";
import { type Argument, type Arguments, aliasesOf, kebab } from "./arguments.ts";

export type Words = {
  /** What `rest` takes, untouched. */
  readonly rest: readonly string[];
  /** Each value given, by the argument's name; a flag without value counts as "". */
  readonly values: ReadonlyMap<string, readonly string[]>;
  readonly asksForHelp: boolean;
};

type Token = NonNullable<ReturnType<typeof parseArgs>["tokens"]>[number];
type FlagToken = Extract<Token, { kind: "option" }>;

/**
 * Finds each argument's words, and refuses unknown flags, missing and empty values, flags given twice, missing and surplus
 * words. A request for help excuses everything. Throws `usage`, with a hint that names the program's help.
 *
 * Arguments are defined as citty defines them, but citty's parser lets all of that through with exit status 0 and takes
 * `--no-wait` for a negation; node:util's, on which citty's stands, tells where each word belongs.
 */
export function readWords(words: readonly string[], args: Arguments, program: string): Words {
  const { own, rest } = splitAtRest(words, args);
  const names = spellings(args);
  const tokens = tokenize(own, args);
  const flags = tokens.filter((token) => token.kind === "option");
  if (flags.some((token) => names.get(token.name) === "help")) {
    return { rest, values: new Map(), asksForHelp: true };
  }
  try {
    const positionals = tokens.flatMap((token) => (token.kind === "positional" ? [token.value] : []));
    const values = new Map([...takeFlags(flags, args, names), ...takePositionals(positionals, args)]);
    for (const [name, argument] of Object.entries(args)) {
      if (isNeeded(argument) && !values.get(name)?.length)
        throw new Refusal(`${flagName(name, argument)} is missing`);
    }
    return { rest, values, asksForHelp: false };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const hint = [error.hint, `See ${program} --help.`].filter(Boolean).join(" ");
    throw new WaifuError("usage", `${program}: ${error.message}`, { hint });
  }
}

/** How an argument is called in messages: `--dry-run`, `NAME`. */
export function flagName(name: string, argument: Argument): string {
  return argument.type === "positional" ? kebab(name).toUpperCase() : `--${kebab(name)}`;
}

export function isNeeded(argument: Argument): boolean {
  if (argument.type === "boolean") return false;
  if (argument.type !== "positional") return argument.required === true;
  return argument.required !== false && argument.default === undefined && !argument.rest;
}

class Refusal extends Error {
  readonly hint?: string;

  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}

function takeFlags(
  tokens: readonly FlagToken[],
  args: Arguments,
  names: ReadonlyMap<string, string>,
): Map<string, string[]> {
  const values = new Map<string, string[]>();
  for (const { name: spelling, rawName, value, inlineValue } of tokens) {
    const name = names.get(spelling) ?? "";
    const argument = args[name];
    if (argument === undefined || argument.type === "positional") {
      const meant = isShort(spelling) ? undefined : nearest(spelling, names.keys());
      throw new Refusal(`unknown flag ${rawName}`, meant && `Did you mean ${dashed(meant)}?`);
    }
    if (argument.type === "boolean") {
      if (value !== undefined) throw new Refusal(`${rawName} takes no value`);
    } else if (!value || (!inlineValue && /^-./.test(value))) {
      // A dash alone stands for standard input.
      const hint = value && `Write ${rawName}=VALUE for a value that begins with a dash.`;
      throw new Refusal(`${rawName} needs a value`, hint);
    }
    const before = values.get(name) ?? [];
    const isRepeatable = argument.type === "string" && argument.repeatable;
    if (before.length > 0 && !isRepeatable) throw new Refusal(`${rawName} is given twice`);
    values.set(name, [...before, value ?? ""]);
  }
  return values;
}

function takePositionals(words: readonly string[], args: Arguments): Map<string, string[]> {
  const values = new Map<string, string[]>();
  const left = [...words];
  for (const [name, argument] of Object.entries(args)) {
    if (argument.type !== "positional" || argument.rest) continue;
    const taken = left.splice(0, argument.repeatable ? left.length : 1);
    if (taken.includes("")) throw new Refusal(`${flagName(name, argument)} is empty`);
    values.set(name, taken);
  }
  if (left.length > 0)
    throw new Refusal(`too many words: ${left.map((word) => JSON.stringify(word)).join(" ")}`);
  return values;
}

/** As ssh does: flags are ours up to the first word of the other program's command line, or up to `--`. */
function splitAtRest(
  words: readonly string[],
  args: Arguments,
): { own: readonly string[]; rest: readonly string[] } {
  const positionals = Object.values(args).filter((argument) => argument.type === "positional");
  const named = positionals.findIndex((argument) => argument.rest);
  let seen = 0;
  for (const { kind, index } of named < 0 ? [] : tokenize(words, args)) {
    if (kind === "option") continue;
    if (seen === named)
      return { own: words.slice(0, index), rest: words.slice(kind === "positional" ? index : index + 1) };
    if (kind === "positional") seen++;
  }
  return { own: words, rest: [] };
}

function tokenize(words: readonly string[], args: Arguments): readonly Token[] {
  const options: Record<string, { type: "boolean" | "string"; short?: string }> = {};
  for (const [name, argument] of Object.entries(args)) {
    if (argument.type === "positional") continue;
    const type = argument.type === "boolean" ? "boolean" : "string";
    const [short] = aliasesOf(argument).filter(isShort);
    for (const long of aliasesOf(argument).filter((alias) => !isShort(alias))) options[long] = { type };
    options[kebab(name)] = short === undefined ? { type } : { type, short };
  }
  return parseArgs({ args: [...words], options, strict: false, allowPositionals: true, tokens: true }).tokens;
}

/** Every way to write a flag, without its dashes, and the argument that it stands for. */
function spellings(args: Arguments): Map<string, string> {
  const names = new Map<string, string>();
  for (const [name, argument] of Object.entries(args)) {
    if (argument.type === "positional") continue;
    for (const spelling of [kebab(name), ...aliasesOf(argument)]) names.set(spelling, name);
  }
  return names;
}

function isShort(alias: string): boolean {
  return alias.length === 1;
}

function dashed(spelling: string): string {
  return isShort(spelling) ? `-${spelling}` : `--${spelling}`;
}
