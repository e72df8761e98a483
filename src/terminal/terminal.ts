/** One of the two output streams. */
export interface Output {
  write(text: string): void;
  readonly isTTY: boolean;
  /** Width in cells; undefined when nothing limits it. */
  readonly columns: number | undefined;
  readonly hasColor: boolean;
}

/** The person's end: the answer goes to stdout; questions, progress and errors to stderr. */
export interface Terminal {
  readonly stdout: Output;
  readonly stderr: Output;
  /** Shows a line below everything written so far until it is replaced or cleared; nothing without a TTY. */
  setStatus(line: string | undefined): void;
  /** Asks on stderr. Throws `refused` when nobody can answer, `interrupted` on Ctrl-C or end of input. */
  ask(question: string): Promise<string>;
  /** Asks a yes-or-no question, no being the default. Throws like `ask`. */
  confirm(question: string): Promise<boolean>;
  /** Like `ask`, without showing what is typed. */
  askSecret(question: string): Promise<string>;
  /** Waits until everything written has left the process. Throws when the answer could not be written. */
  flush(): Promise<void>;
}
