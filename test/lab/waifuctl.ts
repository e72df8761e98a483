import { mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "smol-toml";
import { openPty } from "../terminal/pty.ts";
import { identityFile } from "./paths.ts";
import { must, type Outcome } from "./run.ts";

/** A table of cluster.toml. */
export type Table = Readonly<Record<string, unknown>>;

type Reached = {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  readonly identityFile: string;
  readonly hostKey: string;
};

/** How cluster.toml describes a machine of the lab; an undefined value takes a key out. */
export function nodeTable(node: Reached, changes: Table = {}): Table {
  return {
    name: node.name,
    address: node.address,
    port: node.port,
    user: node.user,
    identity_file: node.identityFile,
    host_key: node.hostKey,
    storage: { kind: "dir", path: "/var/lib/waifu" },
    ...changes,
  };
}

/** A waifuctl that is still at work. */
export type Running = {
  /** Resolves once its stderr says so; rejects when it ends without. */
  says(text: string): Promise<void>;
  kill(signal: NodeJS.Signals): void;
  readonly ended: Promise<Outcome>;
};

export type Operator = {
  readonly home: string;
  /** A command line that is to run waifuctl from now on, which goes behind it. */
  under: readonly string[];
  run(...words: string[]): Promise<Outcome>;
  runWith(options: { stdin?: string; cwd?: string }, ...words: string[]): Promise<Outcome>;
  start(...words: string[]): Running;
  onTerminal(...words: string[]): ReturnType<typeof openPty>;
  /** With --json, read back. Throws unless it exits with 0. */
  answer<T>(...words: string[]): Promise<T>;
  leave(): Promise<void>;
};

/** Somebody with a home, a cluster.toml, a state and the compiled waifuctl, and nothing else. */
export async function newOperator(nodes: readonly Table[], more: Table = {}): Promise<Operator> {
  const binary = await compiled();
  const home = await mkdtemp(join(tmpdir(), "waifuctl-operator-"));
  const defaults = { ssh_key: `${identityFile}.pub`, memory: "128M", disk: "32M" };
  await Bun.write(
    join(home, "cluster.toml"),
    stringify({ state: "state.db", defaults, ...more, node: nodes }),
  );
  const spawn = (words: readonly string[], { stdin, cwd = home }: { stdin?: string; cwd?: string } = {}) =>
    Bun.spawn([...operator.under, binary, ...words], {
      cwd,
      env: { HOME: home },
      stdin: stdin === undefined ? "ignore" : Buffer.from(stdin),
      stdout: "pipe",
      stderr: "pipe",
    });
  const runWith: Operator["runWith"] = async (options, ...words) => {
    const child = spawn(words, options);
    const [stdout, stderr, exitCode] = await Promise.all([
      child.stdout.text(),
      child.stderr.text(),
      child.exited,
    ]);
    return { stdout, stderr, exitCode };
  };
  const operator: Operator = {
    home,
    under: [],
    runWith,
    run: (...words) => runWith({}, ...words),
    start: (...words) => watch(spawn(words)),
    onTerminal: (...words) =>
      openPty([binary, "--cluster", join(home, "cluster.toml"), ...words], { env: { HOME: home } }),
    async answer(...words) {
      const { stdout, stderr, exitCode } = await runWith({}, ...words, "--json");
      if (exitCode !== 0) throw new Error(`waifuctl ${words.join(" ")}: exit ${exitCode}: ${stderr}`);
      return JSON.parse(stdout);
    },
    leave: () => rm(home, { recursive: true }),
  };
  return operator;
}

function watch(child: Bun.Subprocess<"ignore" | Buffer, "pipe", "pipe">): Running {
  let stderr = "";
  const waiting = new Set<() => void>();
  const heard = (async () => {
    const decoder = new TextDecoder();
    for await (const bytes of child.stderr) {
      stderr += decoder.decode(bytes, { stream: true });
      for (const look of waiting) look();
    }
  })();
  return {
    async says(text) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const look = () => stderr.includes(text) && resolve();
      waiting.add(look);
      heard.then(() => reject(new Error(`ended without saying ${JSON.stringify(text)}: ${stderr}`)), reject);
      look();
      await promise.finally(() => waiting.delete(look));
    },
    kill: (signal) => child.kill(signal),
    ended: (async () => {
      const stdout = await child.stdout.text();
      await heard;
      return { stdout, stderr, exitCode: await child.exited };
    })(),
  };
}

let building: Promise<string> | undefined;

/** `$WAIFUCTL`, or dist/waifuctl, compiled from this very source once a test run. */
export function compiled(): Promise<string> {
  building ??= process.env.WAIFUCTL ? Promise.resolve(process.env.WAIFUCTL) : compile();
  return building;
}

async function compile(): Promise<string> {
  const root = join(import.meta.dir, "../..");
  const binary = join(root, "dist/waifuctl");
  const fresh = `${binary}.${process.pid}`;
  await must(["sh", ".ci/compile.sh", "src/main.ts", fresh], { cwd: root });
  // Another test run may be using the old one.
  await rename(fresh, binary);
  return binary;
}
