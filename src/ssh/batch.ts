import { randomBytes } from "node:crypto";
import type { Command, CommandResult } from "../command.ts";
import { WaifuError } from "../errors.ts";
import { toPrograms } from "./quote.ts";

export type Batch = {
  readonly command: Command;
  /** The result of each command, fewer than were asked for if the shell ended early. */
  parse(result: CommandResult): CommandResult[];
};

/**
 * Many commands as one: a script that `sh` reads from its standard input, so that its length has no limit, and that
 * ends the output of each with a line nobody can foresee. The deadline is that of the most patient command.
 */
export function toBatch(commands: readonly Command[], boundary = randomBytes(12).toString("hex")): Batch {
  if (commands.some((command) => command.stdin !== undefined))
    throw new WaifuError("bug", "a command in a batch can't have standard input");
  const steps = commands.map(
    (command) =>
      `(${toPrograms(command)}) </dev/null; set -- $?; printf '\\n%s %d\\n' ${boundary} $1; printf '\\n%s %d\\n' ${boundary} $1 >&2\n`,
  );
  return {
    command: {
      argv: ["sh"],
      stdin: steps.join(""),
      timeoutMs: Math.max(0, ...commands.map((command) => command.timeoutMs)),
      repeatable: commands.every((command) => command.repeatable),
    },
    parse: ({ stdout, stderr }) => {
      const errors = split(stderr, boundary);
      return split(stdout, boundary).map(({ text, exitCode }, index) => ({
        exitCode,
        stdout: text,
        stderr: errors[index]?.text ?? "",
      }));
    },
  };
}

function split(output: string, boundary: string): { text: string; exitCode: number }[] {
  const parts = output.split(new RegExp(`\\n${boundary} (\\d+)\\n`));
  const results = [];
  for (let index = 0; index + 1 < parts.length; index += 2)
    results.push({ text: parts[index] ?? "", exitCode: Number(parts[index + 1]) });
  return results;
}
