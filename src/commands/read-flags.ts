import { WaifuError } from "../errors.ts";
import type { Argument, Arguments } from "./arguments.ts";
import { flagName, type Words } from "./strict-words.ts";

/** The value of every argument, by its name. Throws `usage` for a text that means nothing. */
export function readFlags(args: Arguments, words: Words, program: string): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(args).map(([name, argument]) => {
      const texts = words.values.get(name) ?? [];
      if (argument.type === "boolean") return [name, texts.length > 0];
      const parse = valueParser(name, argument, program);
      if ("rest" in argument) return [name, words.rest.map(parse)];
      if ("repeatable" in argument) return [name, texts.map(parse)];
      const text = texts[0] ?? argument.default;
      return [name, text === undefined ? undefined : parse(text)];
    }),
  );
}

function valueParser(
  name: string,
  argument: Exclude<Argument, { type: "boolean" }>,
  program: string,
): (text: string) => unknown {
  return (text) => {
    try {
      if (argument.type === "enum") return parseOption(text, argument.options);
      return argument.parse ? argument.parse(text) : text;
    } catch (error) {
      if (!(error instanceof WaifuError)) throw error;
      const { message, hint = `See ${program} --help.` } = error;
      throw new WaifuError("usage", `${program}: ${flagName(name, argument)}: ${message}`, {
        hint,
        cause: error,
      });
    }
  };
}

function parseOption(text: string, options: readonly string[]): string {
  if (options.includes(text)) return text;
  throw new WaifuError("usage", `${JSON.stringify(text)} is none of ${options.join(", ")}`);
}
