import { parse, TomlError } from "smol-toml";
import { WaifuError } from "../errors.ts";

/** The text of the file at `path`. Throws `config` with the line of its first syntax error. */
export function parseToml(text: string, path: string): Record<string, unknown> {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [summary = ""] = error.message.split("\n");
    const complaint = summary.replace("Invalid TOML document: ", "");
    throw new WaifuError("config", `${path}:${error.line}: ${complaint} (column ${error.column})`, {
      hint: "The file isn't TOML: see https://toml.io for the rules.",
      cause: error,
    });
  }
}
