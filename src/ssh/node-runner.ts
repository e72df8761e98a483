import type { Duplex } from "node:stream";
import type { Argv, Command, CommandResult } from "../command.ts";
import { WaifuError } from "../errors.ts";
import { toBatch } from "./batch.ts";
import { describe } from "./cut-short.ts";
import type { RemoteProcess, Runner, RunStreams, TerminalSize } from "./runner.ts";
import { type StageResult, type Stages, toStageScript } from "./stage-script.ts";

/** One command that was run, for --verbose. `exitCode` is undefined when none came. */
export type CommandEvent = {
  readonly node: string;
  readonly argv: Argv;
  readonly pipeTo?: readonly Argv[];
  readonly exitCode: number | undefined;
  /** For a command in a batch, the time of the whole batch; for one of a stage, the time since its stage began. */
  readonly ms: number;
};

/** Longer than any answer takes on a local network. */
const FORWARD_MS = 4_000;

export type RunnerOptions = {
  readonly node: string;
  readonly become?: "sudo";
  readonly onCommand?: (event: CommandEvent) => void;
};

/** What a node reached over SSH and this very machine have in common. */
export abstract class NodeRunner implements Runner {
  readonly node: string;
  protected readonly become: "sudo" | undefined;
  readonly #onCommand: ((event: CommandEvent) => void) | undefined;

  constructor({ node, become, onCommand }: RunnerOptions) {
    this.node = node;
    this.become = become;
    this.#onCommand = onCommand;
  }

  async run(command: Command, signal?: AbortSignal, streams?: RunStreams): Promise<CommandResult> {
    const log = this.#startLog([command]);
    const results: CommandResult[] = [];
    try {
      const result = await this.execute(command, signal, streams);
      results.push(result);
      return result;
    } finally {
      log(results);
    }
  }

  async runAll(commands: readonly Command[], signal?: AbortSignal): Promise<CommandResult[]> {
    if (commands.length === 0) return [];
    const log = this.#startLog(commands);
    const batch = toBatch(commands);
    let results: CommandResult[] = [];
    try {
      const whole = await this.execute(batch.command, signal);
      results = batch.parse(whole);
      if (results.length < commands.length) throw this.#endedEarly(commands, results.length, whole);
      return results;
    } finally {
      log(results);
    }
  }

  async runStages(
    stages: Stages,
    onResult: (result: StageResult) => void,
    signal?: AbortSignal,
  ): Promise<void> {
    const commands = stages.flat(2);
    const script = toStageScript(stages);
    const results: StageResult[] = [];
    let [stage, stageBegan, lastAt] = [0, performance.now(), performance.now()];
    const onOutput = (chunk: Buffer): void => {
      for (const result of script.read(chunk)) {
        if (result.stage > stage) [stage, stageBegan] = [result.stage, lastAt];
        lastAt = performance.now();
        const command = stages[result.stage]?.[result.step]?.[result.command];
        if (command !== undefined) this.#log(command, result.exitCode, lastAt - stageBegan);
        results.push(result);
        onResult(result);
      }
    };
    const whole = await this.execute(script.command, signal, { onOutput });
    const hasFailed = results.some(({ exitCode }) => exitCode !== 0);
    if (!hasFailed && results.length < commands.length)
      throw this.#endedEarly(commands, results.length, whole);
  }

  /**
   * Gives up early, for the caller to try anew: the kernel repeats its own attempt ever more rarely, and would meet a guest half a
   * minute after that came up.
   */
  forward(host: string, port: number): Promise<Duplex> {
    const { promise, resolve, reject } = Promise.withResolvers<Duplex>();
    const fail = (cause: unknown): void =>
      reject(
        new WaifuError("unreachable", `cannot reach ${host}:${port} from node "${this.node}"`, {
          node: this.node,
          cause,
        }),
      );
    let isLate = false;
    const patience = setTimeout(() => {
      isLate = true;
      fail(new Error("timed out"));
    }, FORWARD_MS);
    this.openForward(host, port)
      .then((stream) => (isLate ? stream.destroy() : resolve(stream)), fail)
      .finally(() => clearTimeout(patience));
    return promise;
  }

  abstract start(command: Command, terminal?: TerminalSize): Promise<RemoteProcess>;
  abstract close(): Promise<void>;
  /** Rejects with whatever the attempt failed with. */
  protected abstract openForward(host: string, port: number): Promise<Duplex>;
  protected abstract execute(
    command: Command,
    signal?: AbortSignal,
    streams?: RunStreams,
  ): Promise<CommandResult>;

  #startLog(commands: readonly Command[]): (results: readonly CommandResult[]) => void {
    const startedAt = performance.now();
    return (results) => {
      const ms = performance.now() - startedAt;
      for (const [index, command] of commands.entries()) this.#log(command, results[index]?.exitCode, ms);
    };
  }

  #log({ argv, pipeTo }: Command, exitCode: number | undefined, ms: number): void {
    this.#onCommand?.({ node: this.node, argv, pipeTo, exitCode, ms: Math.round(ms) });
  }

  #endedEarly(commands: readonly Command[], done: number, { exitCode, stderr }: CommandResult): WaifuError {
    const next = commands[done];
    // Nothing ran at all: sudo wants a password, or there is no such user.
    const code = done === 0 && this.become ? "remote-failed" : "outcome-unknown";
    const said = stderr.trim().split("\n").at(-1) || `exit status ${exitCode}`;
    return new WaifuError(
      code,
      `node "${this.node}": the shell ended before ${next ? describe(next) : "the end"}: ${said}`,
      {
        node: this.node,
      },
    );
  }
}
