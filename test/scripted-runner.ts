import { Duplex, PassThrough } from "node:stream";
import type { Command, CommandResult } from "../src/command.ts";
import { WaifuError } from "../src/errors.ts";
import type { RemoteProcess, Runner } from "../src/ssh/runner.ts";
import type { StageResult, Stages } from "../src/ssh/stage-script.ts";

/** What a node answers to the commands whose text the pattern matches; the first matching rule counts. */
export type Rule = readonly [
  pattern: RegExp,
  answer: string | Partial<CommandResult> | Error | (() => string),
];

/** A node that answers as scripted. A command that no rule matches fails the test. */
export class ScriptedRunner implements Runner {
  readonly node: string;
  /** Every command that was run, as one line each, in order. */
  readonly ran: string[] = [];
  /** The path of every lock that was taken, in order. */
  readonly took: string[] = [];
  /** What the lock's holder says that the sequence was. */
  sequence = 0;
  rules: readonly Rule[];

  constructor(node: string, rules: readonly Rule[]) {
    this.node = node;
    this.rules = rules;
  }

  async run(command: Command, signal?: AbortSignal): Promise<CommandResult> {
    if (signal?.aborted) throw new WaifuError("interrupted", "interrupted");
    const line = [command.argv, ...(command.pipeTo ?? [])].flat().join(" ");
    this.ran.push(line);
    const rule = this.rules.find(([pattern]) => pattern.test(line));
    if (rule === undefined) throw new Error(`unscripted command on ${this.node}: ${line}`);
    const answer = typeof rule[1] === "function" ? rule[1]() : rule[1];
    if (answer instanceof Error) throw answer;
    return {
      exitCode: 0,
      stdout: "",
      stderr: "",
      ...(typeof answer === "string" ? { stdout: answer } : answer),
    };
  }

  async runAll(commands: readonly Command[], signal?: AbortSignal): Promise<CommandResult[]> {
    const results: CommandResult[] = [];
    for (const command of commands) results.push(await this.run(command, signal));
    return results;
  }

  async runStages(
    stages: Stages,
    onResult: (result: StageResult) => void,
    signal?: AbortSignal,
  ): Promise<void> {
    for (const [stage, steps] of stages.entries()) {
      const runStep = async (commands: readonly Command[], step: number): Promise<boolean> => {
        for (const [index, command] of commands.entries()) {
          const { exitCode, stderr } = await this.run(command, signal);
          onResult({ stage, step, command: index, exitCode, stderr });
          if (exitCode !== 0) return false;
        }
        return true;
      };
      const outcomes = await Promise.all(steps.map(runStep));
      if (outcomes.includes(false)) return;
    }
  }

  /** The only conversation that verbs hold is the node's lock: its holder repeats each heartbeat. */
  async start({ argv }: Command): Promise<RemoteProcess> {
    this.took.push(argv[4] ?? "");
    const [input, output] = [new PassThrough(), new PassThrough()];
    output.write(`locked ${this.sequence}\n`);
    input.pipe(output);
    const exited = new Promise<number>((resolve) => input.once("end", () => resolve(0)));
    const stream = Duplex.from({ readable: output, writable: input });
    return { stream, exited, resize: () => {}, close: () => void stream.destroy() };
  }

  async forward(): Promise<Duplex> {
    throw new WaifuError("unreachable", "nothing listens there");
  }

  async close(): Promise<void> {}
}
