import type { Command, CommandResult } from "../../src/command.ts";
import type { Runner } from "../../src/ssh/runner.ts";

/** What a program printed, or how it failed. */
export type Answer = string | { readonly exitCode: number; readonly stderr: string };

/** A node that knows the answers to some commands; any other command fails the test. */
export function scriptedMachine(node: string, script: readonly (readonly [Command, Answer])[]): Runner {
  const run = async (command: Command): Promise<CommandResult> => {
    const [, answer] = script.find(([known]) => Bun.deepEquals(known.argv, command.argv)) ?? [];
    if (answer === undefined) throw new Error(`unscripted on ${node}: ${command.argv.join(" ")}`);
    if (typeof answer === "string") return { exitCode: 0, stdout: answer, stderr: "" };
    return { stdout: "", ...answer };
  };
  const unscripted = () => Promise.reject(new Error("this node only answers commands"));
  return {
    node,
    run,
    runAll: (commands) => Promise.all(commands.map(run)),
    runStages: unscripted,
    start: unscripted,
    forward: unscripted,
    close: async () => {},
  };
}
