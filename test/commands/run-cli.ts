import type { GroupEntry } from "../../src/commands/command-table.ts";
import { run } from "../../src/commands/run.ts";
import type { Reach } from "../../src/nodes/survey.ts";
import type { Deps, WireOptions } from "../../src/wire.ts";
import { createRecordingTerminal, type TerminalOptions } from "../terminal/recording-terminal.ts";

export type CliOptions = TerminalOptions & {
  env?: Record<string, string>;
  signal?: AbortSignal;
  table?: GroupEntry;
  /** Without it a command that asks for the cluster fails the test. */
  wire?: (options: WireOptions) => Promise<Deps>;
  /** The same for a command that has no cluster yet. */
  wireReach?: (options: WireOptions) => Promise<Reach>;
};

export type CliResult = { stdout: string; stderr: string; exitCode: number; questions: string[] };

/** One command line in this process: `await runCli(["list", "--json"], { wire })`. */
export async function runCli(argv: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  const terminal = createRecordingTerminal(options);
  const host = {
    terminal,
    env: options.env ?? {},
    signal: options.signal ?? new AbortController().signal,
    wire: options.wire ?? (() => Promise.reject(new Error("this test gave no cluster"))),
    wireReach: options.wireReach ?? (() => Promise.reject(new Error("this test gave no way to the nodes"))),
  };
  const exitCode = await run(argv, host, options.table);
  return { ...terminal.written, exitCode, questions: terminal.questions };
}
