import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { connect } from "node:net";
import { Duplex } from "node:stream";
import { type Command, type CommandResult, once } from "../command.ts";
import { finish } from "./cut-short.ts";
import { killArgv } from "./frame.ts";
import { startOnTerminal } from "./local-terminal.ts";
import { NodeRunner } from "./node-runner.ts";
import { toScript } from "./quote.ts";
import type { RemoteProcess, RunStreams, TerminalSize } from "./runner.ts";
import { interrupted } from "./slots.ts";
import { openStdin } from "./stdin.ts";
import { afterDrain, exchange, exitStatus } from "./streams.ts";

/** This very machine as a node: the same scripts as over SSH, given to the same `sh`. */
export class LocalRunner extends NodeRunner {
  protected async execute(
    command: Command,
    signal?: AbortSignal,
    streams?: RunStreams,
  ): Promise<CommandResult> {
    if (signal?.aborted) throw interrupted();
    const stdin = streams?.stdin ?? (await openStdin(command.stdin));
    const child = this.#spawn(command);
    const traffic = exchange(child, stdin, streams?.onOutput);
    const ended = afterDrain(exitOf(child), traffic);
    const kill = (name: "TERM" | "KILL"): Promise<number> =>
      exitOf(this.#spawn(once(killArgv(name, String(child.pid)))));
    try {
      const exitCode = await finish(
        { node: this.node, command, ended, starved: traffic.starved, kill },
        signal,
      );
      return {
        exitCode,
        stdout: `${Buffer.concat(traffic.stdout)}`,
        stderr: `${Buffer.concat(traffic.stderr)}`,
      };
    } finally {
      stdin.destroy();
    }
  }

  async start(command: Command, terminal?: TerminalSize): Promise<RemoteProcess> {
    if (terminal) return startOnTerminal(["sh", "-c", toScript(command, this.become)], terminal);
    const child = this.#spawn(command);
    const stream = Duplex.from({ readable: child.stdout, writable: child.stdin });
    return {
      stream,
      stderr: child.stderr,
      exited: exitOf(child),
      resize: () => {},
      close: () => {
        stream.destroy();
        child.stderr.resume();
      },
    };
  }

  protected openForward(host: string, port: number): Promise<Duplex> {
    const { promise, resolve, reject } = Promise.withResolvers<Duplex>();
    const socket = connect({ host, port, noDelay: true });
    socket.once("connect", () => resolve(socket));
    socket.once("error", reject);
    return promise;
  }

  async close(): Promise<void> {}

  // Its own process group, as sshd gives one: Ctrl-C at the terminal must not reach it behind our back.
  #spawn(command: Command): ChildProcessWithoutNullStreams {
    return spawn("sh", ["-c", toScript(command, this.become)], { detached: true });
  }
}

function exitOf(child: ChildProcessWithoutNullStreams): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve(exitStatus(code, signal)));
  });
}
