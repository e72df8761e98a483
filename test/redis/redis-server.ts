import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Command } from "../../src/command.ts";
import { redisSocket } from "../../src/metadata/service-paths.ts";
import { encodeCommands, type RedisCommand } from "../../src/redis/resp.ts";

export type RedisServer = {
  readonly socket: string;
  /** As `kill -9` does. */
  kill(): Promise<void>;
  /** Makes it hang, until it is woken. */
  freeze(): void;
  wake(): void;
  /** One program run of `redis-cli`; gives what it printed. */
  cli(...words: string[]): Promise<string>;
  /** What the operator has run on the node, run on this Redis; gives what it printed. */
  run(command: Command): Promise<string>;
  /** RESP on the standard input of `redis-cli --pipe`. */
  pipe(commands: readonly RedisCommand[]): Promise<string>;
};

/** A real Redis on a unix socket in this folder, with nothing but what it is given: no file outlives it. */
export async function startRedis(folder: string, ...settings: string[]): Promise<RedisServer> {
  const socket = join(folder, "redis.sock");
  const words = ["--port", "0", "--unixsocket", socket, "--dir", folder, "--save", "", ...settings];
  const server = spawn("redis-server", words, { stdio: ["ignore", "pipe", "inherit"] });
  for await (const line of createInterface(server.stdout))
    if (line.includes("eady to accept connections")) break;
  server.stdout.resume();
  const run = async (words: readonly string[], stdin: Uint8Array) => {
    const child = Bun.spawn([...words], { stdin, stdout: "pipe", stderr: "pipe" });
    const outputs = [child.stdout.text(), child.stderr.text()] as const;
    const [stdout, stderr, exitCode] = await Promise.all([...outputs, child.exited]);
    if (exitCode !== 0) throw new Error(`${words.join(" ")}: exit ${exitCode}: ${stdout}${stderr}`);
    return stdout;
  };
  const cli = ["redis-cli", "-s", socket];
  return {
    socket,
    async kill() {
      if (server.exitCode !== null || server.signalCode !== null) return;
      const exited = once(server, "exit");
      server.kill("SIGKILL");
      await exited;
    },
    freeze: () => void server.kill("SIGSTOP"),
    wake: () => void server.kill("SIGCONT"),
    cli: (...args) => run([...cli, ...args], new Uint8Array()),
    run: ({ argv, stdin }) =>
      run(
        argv.map((word) => (word === redisSocket ? socket : word)),
        stdin instanceof Uint8Array ? stdin : new Uint8Array(),
      ),
    pipe: (commands) => run([...cli, "--pipe"], encodeCommands(commands)),
  };
}
