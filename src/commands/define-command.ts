import { WaifuError } from "../errors.ts";
import type { Reach } from "../nodes/survey.ts";
import type { Reporter } from "../reporter.ts";
import { renderJson } from "../terminal/json.ts";
import type { Terminal } from "../terminal/terminal.ts";
import type { Deps } from "../wire.ts";
import type { Arguments, Flags } from "./arguments.ts";
import { readFlags } from "./read-flags.ts";
import { readWords } from "./strict-words.ts";

/** What every command may use, once its global flags are known. */
export type Surroundings = {
  readonly terminal: Terminal;
  readonly reporter: Reporter;
  /** Aborted by Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal;
  /** The cluster, read and wired at the first call. */
  deps(): Promise<Deps>;
  /** The nodes without a cluster.toml, for the one command that writes it. */
  reach(): Promise<Reach>;
};

export type Context = Surroundings & {
  /** Returns if the person agrees, or `--yes` did; else throws `refused`. */
  confirm(question: string): Promise<void>;
  /** The answer on stdout: `value` with `--json`, else the text. */
  print(value: unknown, text: string | (() => string)): void;
};

export const everywhere = {
  cluster: { type: "string", valueHint: "FILE", description: "Cluster file to use" },
  json: { type: "boolean", description: "Print the answer as JSON" },
  quiet: { type: "boolean", alias: "q", description: "Tell no progress and no notes" },
  verbose: { type: "boolean", description: "Log each remote command" },
  help: { type: "boolean", alias: "h", description: "Show this help" },
} as const satisfies Arguments;

/** For commands that change something. */
export const changes = {
  dryRun: { type: "boolean", description: "Print what would be done, and do nothing" },
} as const satisfies Arguments;

/** For commands that destroy something; goes with the context's `confirm`. */
export const destroys = {
  yes: { type: "boolean", alias: "y", description: "Don't ask before destroying" },
} as const satisfies Arguments;

export type GlobalFlags = Flags<typeof everywhere>;

/** A command whose words are understood. */
export type Invocation = {
  readonly flags: GlobalFlags;
  /** It tells itself of operations that were cut off. */
  readonly mends: boolean;
  /** Gives the exit status. */
  run(surroundings: Surroundings): Promise<number>;
};

export type Command = {
  readonly args: Arguments;
  readonly examples: readonly string[];
  /** Throws `usage`; undefined when the words ask for help. `program` is how the person got here: `waifuctl node list`. */
  read(words: readonly string[], program: string): Invocation | undefined;
};

/**
 * A command of waifuctl. Its name and description stand in the command table, so that the list of commands needs no
 * command loaded. `run` may give an exit status; nothing means 0.
 */
export function defineCommand<const A extends Arguments>(definition: {
  readonly args: A;
  readonly examples: readonly string[];
  /** It tells itself of operations that were cut off. */
  readonly mends?: true;
  // biome-ignore lint/suspicious/noConfusingVoidType: a handler that returns nothing is the usual one.
  run(flags: Flags<A> & GlobalFlags, context: Context): Promise<number | void>;
}): Command {
  const args: Arguments = { ...definition.args, ...everywhere };
  return {
    args,
    examples: definition.examples,
    read(words, program) {
      const strict = readWords(words, args, program);
      if (strict.asksForHelp) return undefined;
      // The one place where the types of the definitions meet the values built from them.
      const flags = readFlags(args, strict, program) as Flags<A> & GlobalFlags;
      return {
        flags,
        mends: definition.mends ?? false,
        run: async (surroundings) => (await definition.run(flags, contextOf(surroundings, flags))) ?? 0,
      };
    },
  };
}

function contextOf(surroundings: Surroundings, flags: GlobalFlags & { readonly yes?: unknown }): Context {
  const { terminal } = surroundings;
  return {
    ...surroundings,
    async confirm(question) {
      if (flags.yes === true || (await terminal.confirm(question))) return;
      throw new WaifuError("refused", "not confirmed, nothing was changed");
    },
    print(value, text) {
      terminal.stdout.write(flags.json ? renderJson(value) : typeof text === "string" ? text : text());
    },
  };
}
