import { toWaifuError, WaifuError } from "../errors.ts";
import type { Reach } from "../nodes/survey.ts";
import { renderError } from "../terminal/error-text.ts";
import { renderErrorJson } from "../terminal/json.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { createJsonReporter, createReporter, quieten } from "../terminal/terminal-reporter.ts";
import type { Deps, WireOptions } from "../wire.ts";
import { commandTable, type GroupEntry } from "./command-table.ts";
import { everywhere, type Invocation } from "./define-command.ts";
import { renderCommandHelp, renderGroupHelp } from "./help.ts";
import { route } from "./route.ts";
import { readWords } from "./strict-words.ts";

/** All that a run touches of the world. */
export type Host = {
  readonly terminal: Terminal;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  wire(options: WireOptions): Promise<Deps>;
  /** The nodes without a cluster.toml. */
  wireReach(options: WireOptions): Promise<Reach>;
};

/** Runs one command line to its end and gives the exit status. Throws nothing: errors are told on stderr. */
export async function run(
  argv: readonly string[],
  host: Host,
  table: GroupEntry = commandTable,
): Promise<number> {
  const { terminal, signal } = host;
  let isJson = argv.includes("--json");
  try {
    const invocation = await understand(expand(argv), terminal, table);
    isJson = invocation?.flags.json ?? isJson;
    const status = invocation === undefined ? 0 : await carryOut(invocation, host);
    if (status !== 0 && signal.aborted) throw new WaifuError("interrupted", "interrupted");
    await terminal.flush();
    return status;
  } catch (thrown) {
    const isAbort = signal.aborted && !(thrown instanceof WaifuError);
    const error = isAbort ? new WaifuError("interrupted", "interrupted") : toWaifuError(thrown);
    terminal.stderr.write(isJson ? renderErrorJson(error) : renderError(error, terminal.stderr));
    await terminal.flush().catch(() => {});
    return error.exitStatus;
  }
}

/** The spellings that people try first: `--version`, `help create`. */
function expand([first, ...others]: readonly string[]): readonly string[] {
  if (first === "--version") return ["version", ...others];
  if (first === "help") return [...others, "--help"];
  return first === undefined ? [] : [first, ...others];
}

/** The command that the words call; undefined when they asked for help and got it. */
async function understand(
  argv: readonly string[],
  { stdout }: Terminal,
  table: GroupEntry,
): Promise<Invocation | undefined> {
  const { entry, words, program } = route(table, argv);
  if ("load" in entry) {
    const { command } = await entry.load();
    const invocation = command.read(words, program);
    if (invocation === undefined)
      stdout.write(renderCommandHelp(program, entry.description, command, stdout));
    return invocation;
  }
  if (readWords(words, everywhere, program).asksForHelp) {
    stdout.write(renderGroupHelp(program, entry, stdout));
    return undefined;
  }
  throw new WaifuError("usage", `${program} needs a command`, { hint: `See ${program} --help.` });
}

async function carryOut(
  invocation: Invocation,
  { terminal, env, signal, wire, wireReach }: Host,
): Promise<number> {
  const { cluster: clusterFile, json, quiet, verbose: isVerbose } = invocation.flags;
  const talkative = json && !terminal.stderr.isTTY ? createJsonReporter(terminal) : createReporter(terminal);
  const reporter = quiet ? quieten(talkative) : talkative;
  const options = { clusterFile, isVerbose, isMending: invocation.mends, env, terminal, reporter, signal };
  let wired: Promise<Deps> | undefined;
  const deps = () => {
    wired ??= wire(options);
    return wired;
  };
  try {
    return await invocation.run({ terminal, reporter, signal, deps, reach: () => wireReach(options) });
  } finally {
    reporter.close();
    // Whoever awaited failed wiring has told of it.
    const opened = await wired?.catch(() => undefined);
    await opened?.close();
  }
}
