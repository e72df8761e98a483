import { hostname, userInfo } from "node:os";
import type { NodeConfig } from "./config/cluster-config.ts";
import { loadClusterConfig } from "./config/load-cluster-config.ts";
import type { Cluster } from "./nodes/cluster.ts";
import type { Reporter } from "./reporter.ts";
import { connectNode } from "./ssh/connect-node.ts";
import { Dialer } from "./ssh/dialer.ts";
import type { CommandEvent } from "./ssh/node-runner.ts";
import { operatorPublicKeys } from "./ssh/public-keys.ts";
import type { Runner } from "./ssh/runner.ts";
import { openState } from "./state/state.ts";
import type { Terminal } from "./terminal/terminal.ts";

export type WireOptions = {
  readonly clusterFile: string | undefined;
  readonly isVerbose: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly terminal: Terminal;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
};

export type Deps = Cluster & { close(): Promise<void> };

/** cluster.toml to everything a verb needs. Nothing is connected yet: each node is at its first use. Throws `config`. */
export async function wire({ clusterFile, isVerbose, env, terminal, reporter }: WireOptions): Promise<Deps> {
  const config = await loadClusterConfig({ flag: clusterFile, cwd: process.cwd(), environment: env });
  const now = () => new Date();
  const state = openState(config.statePath, now);
  const user = userInfo().username;
  const operator = { home: env.HOME, user, agentSocket: env.SSH_AUTH_SOCK };
  const askPassphrase = async (path: string) =>
    terminal.stderr.isTTY ? await terminal.askSecret(`Passphrase for ${path}: `) : undefined;
  const dialer = new Dialer({ operator, askPassphrase });
  const onCommand = isVerbose ? (event: CommandEvent) => reporter.note(describeEvent(event)) : undefined;
  const runners = new Map<string, Promise<Runner>>();
  const connect = (node: NodeConfig) => {
    const runner = runners.get(node.name) ?? connectNode(dialer, node, onCommand);
    runners.set(node.name, runner);
    return runner;
  };
  return {
    config,
    state,
    operator: `${user}@${hostname()}`,
    now,
    connect,
    dialer,
    publicKeys: (file) => operatorPublicKeys(operator, file ?? config.defaults.sshKeyFile),
    close: async () => {
      const opened = await Promise.allSettled(runners.values());
      await Promise.all(opened.map((outcome) => (outcome.status === "fulfilled" ? outcome.value.close() : undefined)));
      state.close();
    },
  };
}

function describeEvent({ node, argv, pipeTo = [], exitCode, ms }: CommandEvent): string {
  const line = [argv, ...pipeTo].map((part) => part.join(" ")).join(" | ");
  return `[${node}] ${line.trim()} → ${exitCode ?? "no exit status"} (${ms} ms)`;
}
