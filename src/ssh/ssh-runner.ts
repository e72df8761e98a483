import type { Duplex } from "node:stream";
import type { Client, ClientChannel } from "ssh2";
import { type Command, type CommandResult, once } from "../command.ts";
import { WaifuError } from "../errors.ts";
import { describe, finish, linkClosed } from "./cut-short.ts";
import { type Frame, frame, killArgv } from "./frame.ts";
import { NodeRunner, type RunnerOptions } from "./node-runner.ts";
import { toScript, toShellLine } from "./quote.ts";
import { exitOf, toPty, toRemoteProcess } from "./remote-process.ts";
import type { RemoteProcess, RunStreams, TerminalSize } from "./runner.ts";
import { Slots } from "./slots.ts";
import { openStdin } from "./stdin.ts";
import { afterDrain, exchange } from "./streams.ts";

// sshd's MaxSessions is 10 unless hardened; two stay free for stopping what hangs.
const MAX_SESSIONS = 8;
const REFUSALS = 10;
const REFUSED_PAUSE_MS = 100;

/** The server would not open one more session; nothing was run. */
class SessionRefused extends WaifuError {}

/** A node over one SSH connection, which it owns. */
export class SshRunner extends NodeRunner {
  readonly #client: Client;
  readonly #slots = new Slots(MAX_SESSIONS);
  #isClosed = false;
  /** What the link died of, if it says. */
  #fault: Error | undefined;

  constructor(client: Client, options: RunnerOptions) {
    super(options);
    this.#client = client;
    client.setMaxListeners(0);
    client.on("error", (error) => {
      this.#fault ??= error;
    });
    client.once("close", () => {
      this.#isClosed = true;
    });
  }

  protected execute(command: Command, signal?: AbortSignal, streams?: RunStreams): Promise<CommandResult> {
    return this.#inSlot(async (release) => {
      const result = await this.#execute(command, signal, streams);
      release();
      return result;
    }, signal);
  }

  start(command: Command, terminal?: TerminalSize): Promise<RemoteProcess> {
    return this.#inSlot(async (release) => {
      const channel = await this.#open(command, toShellLine(toScript(command, this.become)), terminal);
      channel.once("close", release);
      return toRemoteProcess(this.#client, channel, this.node);
    });
  }

  protected async openForward(host: string, port: number): Promise<Duplex> {
    const { promise, resolve, reject } = Promise.withResolvers<Duplex>();
    this.#client.forwardOut("127.0.0.1", 0, host, port, (error, stream) =>
      error ? reject(error) : resolve(stream),
    );
    return promise;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    const closed = new Promise<void>((resolve) => this.#client.once("close", resolve));
    this.#client.end();
    await closed;
  }

  async #execute(command: Command, signal?: AbortSignal, streams?: RunStreams): Promise<CommandResult> {
    const stdin = streams?.stdin ?? (await openStdin(command.stdin));
    const framed = frame(toScript(command, this.become));
    const channel = await this.#open(command, framed.line).catch((error) => {
      stdin.destroy();
      throw error;
    });
    const closed = exitOf(channel);
    const traffic = exchange(
      { stdin: channel, stdout: channel, stderr: channel.stderr },
      stdin,
      streams?.onOutput,
    );
    const ended = afterDrain(closed, traffic);
    const group = framed.group(channel.stderr);
    const kill = async (name: "TERM" | "KILL"): Promise<void> => this.#kill(name, await group);
    try {
      const status = await finish(
        { node: this.node, command, ended, fault: () => this.#fault, starved: traffic.starved, kill },
        signal,
      );
      return this.#toResult(framed, status, Buffer.concat(traffic.stdout), Buffer.concat(traffic.stderr));
    } finally {
      stdin.destroy();
      channel.close();
    }
  }

  #toResult(framed: Frame, exitCode: number, stdout: Buffer, stderr: Buffer): CommandResult {
    const [out, err] = [framed.strip(stdout), framed.strip(stderr)];
    if (out && err) return { exitCode, stdout: out.toString(), stderr: err.toString() };
    const said = `${stdout}${stderr}`.trim() || `exit status ${exitCode}`;
    throw new WaifuError("remote-failed", `node "${this.node}": the login shell ran nothing: ${said}`, {
      node: this.node,
      hint: "Give the node's SSH user an ordinary login shell.",
    });
  }

  /** Past the slots: when all are taken by hanging programs, stopping one must still work. */
  async #kill(name: "TERM" | "KILL", group: string): Promise<void> {
    const command = once(killArgv(name, group));
    const channel = await this.#open(command, toShellLine(toScript(command, this.become)));
    channel.end();
    channel.resume();
    channel.stderr.resume();
  }

  async #inSlot<T>(work: (release: () => void) => Promise<T>, signal?: AbortSignal): Promise<T> {
    for (let lonely = 0; ; ) {
      const release = await this.#slots.take(signal);
      try {
        return await work(release);
      } catch (error) {
        const isRefused = error instanceof SessionRefused;
        // Refused with none of ours open: sshd has yet to bury those that ended just now.
        const isHopeless = isRefused && !this.#slots.shrink() && ++lonely > REFUSALS;
        release();
        if (!isRefused || isHopeless) throw error;
        if (lonely > 0) await Bun.sleep(REFUSED_PAUSE_MS);
      }
    }
  }

  #open(command: Command, line: string, terminal?: TerminalSize): Promise<ClientChannel> {
    const { node } = this;
    return new Promise((resolve, reject) => {
      const onOpen = (error: Error | undefined, channel: ClientChannel): void => {
        if (!error) resolve(channel);
        else if (this.#isClosed) reject(linkClosed(node, command, this.#fault ?? error));
        else
          reject(
            new SessionRefused("remote-failed", `node "${node}" opens no session`, { node, cause: error }),
          );
      };
      try {
        this.#client.exec(line, terminal ? { pty: toPty(terminal) } : {}, onOpen);
      } catch (cause) {
        const message = `node "${node}": the link is closed, ${describe(command)} was not run`;
        reject(new WaifuError("unreachable", message, { node, cause }));
      }
    });
  }
}
