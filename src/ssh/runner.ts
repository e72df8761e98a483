import type { Duplex, Readable } from "node:stream";
import type { Command, CommandResult } from "../command.ts";
import type { StageResult, Stages } from "./stage-script.ts";

export type TerminalSize = { columns: number; rows: number };

/** A program on the node with its streams open, for consoles, locks and other conversations. */
export interface RemoteProcess {
  /** Standard input and output of the program. */
  readonly stream: Duplex;
  /** Apart only without a pseudo-terminal. Both must be read, or the program stalls. */
  readonly stderr?: Readable;
  /** Exit status; rejects with `outcome-unknown` when the link died before one came. */
  readonly exited: Promise<number>;
  resize(size: TerminalSize): void;
  /** Closes the streams. The remote program gets end-of-file or a hang-up, not a signal. */
  close(): void;
}

/** What passes while a command runs. */
export type RunStreams = {
  /** In place of the command's own standard input. */
  readonly stdin?: Readable;
  /** Hears standard output as it comes; it is in the result all the same. */
  readonly onOutput?: (chunk: Buffer) => void;
};

/** One node, ready to run commands. The only way in which the middle floor touches a node. */
export interface Runner {
  readonly node: string;
  /**
   * Runs one command and gives its result whatever its exit status.
   * Throws `outcome-unknown` when the link died or the deadline passed before an exit status came, `interrupted` on abort.
   */
  run(command: Command, signal?: AbortSignal, streams?: RunStreams): Promise<CommandResult>;
  /** Runs commands one after another in a single round trip; none may carry stdin. A failing one does not stop the rest. */
  runAll(commands: readonly Command[], signal?: AbortSignal): Promise<CommandResult[]>;
  /**
   * Runs stages one after another in a single round trip, the steps of a stage at once, the commands of a step one after another.
   * A command that fails ends its step, and no stage follows. `onResult` hears of each command at its end. Throws as `run` does.
   */
  runStages(stages: Stages, onResult: (result: StageResult) => void, signal?: AbortSignal): Promise<void>;
  /** Starts a program and leaves its streams to the caller; with `terminal`, on a pseudo-terminal. */
  start(command: Command, terminal?: TerminalSize): Promise<RemoteProcess>;
  /** A TCP stream from the node to an address that the node can reach. */
  forward(host: string, port: number): Promise<Duplex>;
  close(): Promise<void>;
}
