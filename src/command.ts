/** A program and its arguments. Never a shell line: only `ssh/` turns it into shell text. */
export type Argv = readonly [program: string, ...args: string[]];

/** What a program reads: bytes at hand, or what is streamed: a file beside the operator, or what a program on another node prints. */
export type Stdin =
  | string
  | Uint8Array
  | { readonly path: string }
  | { readonly node: string; readonly argv: Argv };

/** One thing to run on a node, as a value: built by pure code, shown by --dry-run, run by `ssh/`. */
export type Command = {
  readonly argv: Argv;
  /** Further programs, each reading the standard output of the one before; the last one's exit status counts. */
  readonly pipeTo?: readonly Argv[];
  readonly stdin?: Stdin;
  /** Parts of `stdin` that nobody who is shown the command may read. */
  readonly secrets?: readonly string[];
  /** Milliseconds until the outcome is given up as unknown. */
  readonly timeoutMs: number;
  /** Running it twice leaves the node as running it once does. */
  readonly repeatable: boolean;
};

export type CommandResult = {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
};

/** Long enough for a busy small machine; a command that hangs is given up at last. */
const QUICK_MS = 120_000;

/** A command that changes nothing, or whose repetition changes nothing more. */
export function repeatable(argv: Argv, options: Partial<Omit<Command, "argv" | "repeatable">> = {}): Command {
  return { argv, timeoutMs: QUICK_MS, repeatable: true, ...options };
}

/** A command that must not be sent again when its outcome is unknown. */
export function once(argv: Argv, options: Partial<Omit<Command, "argv" | "repeatable">> = {}): Command {
  return { argv, timeoutMs: QUICK_MS, repeatable: false, ...options };
}
