import type { Duplex, Readable } from "node:stream";

/** One of the two output streams. */
export interface Output {
  write(text: string): void;
  readonly isTTY: boolean;
  /** Width in cells; undefined when nothing limits it. */
  readonly columns: number | undefined;
  readonly hasColor: boolean;
}

/** A program elsewhere whose streams are to become the person's own. */
export interface Attachable {
  readonly stream: Duplex;
  readonly stderr?: Readable;
  readonly exited: Promise<number>;
  resize(size: WindowSize): void;
  close(): void;
}

export type WindowSize = { columns: number; rows: number };

export type AttachOptions = {
  /** The program has a terminal: if we have one, each key goes there as it is typed, Ctrl-C too. */
  readonly isRaw: boolean;
  /** Ctrl-] leaves, with status 0. */
  readonly canLeave?: boolean;
  readonly signal?: AbortSignal;
};

/** The person's end: the answer goes to stdout; questions, progress and errors to stderr. */
export interface Terminal {
  readonly stdout: Output;
  readonly stderr: Output;
  /** Shows a line, or several, below everything written so far until it is replaced or cleared; nothing without a TTY. */
  setStatus(lines: string | undefined): void;
  /** Asks on stderr. Throws `refused` when nobody can answer, `interrupted` on Ctrl-C or end of input. */
  ask(question: string): Promise<string>;
  /** Asks a yes-or-no question, no being the default. Throws like `ask`. */
  confirm(question: string): Promise<boolean>;
  /** What is piped in, or a file; undefined when somebody sits there. */
  readonly input: ReadableStream<Uint8Array> | undefined;
  /** Like `ask`, without showing what is typed. */
  askSecret(question: string): Promise<string>;
  /** Opens a file in the person's editor, and returns when they have left it. Throws `refused` without a terminal, or when the editor fails. */
  edit(path: string): Promise<void>;
  /** The window, for a terminal elsewhere; undefined unless stdin and stdout are one. */
  readonly size: WindowSize | undefined;
  /**
   * Joins stdin, stdout and stderr to a program until it has ended and all that it said is shown; gives its exit status. However
   * this ends, the program is closed and the terminal is as it was. Rejects as `exited` does; throws `interrupted` on abort.
   */
  attach(program: Attachable, options: AttachOptions): Promise<number>;
  /** Waits until everything written has left the process. Throws when the answer could not be written. */
  flush(): Promise<void>;
}
