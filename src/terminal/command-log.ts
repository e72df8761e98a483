import { createConsola, LogLevels } from "consola/core";
import type { Reporter } from "../reporter.ts";

/** One remote command that was run, for --verbose. `exitCode` is undefined when none came. */
export type LoggedCommand = {
  readonly node: string;
  readonly argv: readonly string[];
  readonly pipeTo?: readonly (readonly string[])[];
  readonly exitCode: number | undefined;
  readonly ms: number;
};

/** The log of --verbose: a line for each remote command, among the reporter's own. */
export function createCommandLog(reporter: Reporter): (command: LoggedCommand) => void {
  const log = createConsola({
    level: LogLevels.debug,
    reporters: [{ log: ({ tag, args }) => reporter.note(`[${tag}] ${args.join(" ")}`) }],
  });
  return ({ node, argv, pipeTo = [], exitCode, ms }) => {
    const line = [argv, ...pipeTo].map((part) => part.join(" ")).join(" | ");
    log.withTag(node).debug(`${line.trim()} → ${exitCode ?? "no exit status"} (${ms} ms)`);
  };
}
