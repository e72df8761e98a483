import { hostname } from "node:os";
import type { NodeConfig } from "./config/cluster-config.ts";
import { loadClusterConfig } from "./config/load-cluster-config.ts";
import { WaifuError } from "./errors.ts";
import type { Cluster } from "./nodes/cluster.ts";
import { warnOfInterrupted } from "./nodes/interrupted.ts";
import type { Reach } from "./nodes/survey.ts";
import type { Reporter } from "./reporter.ts";
import { connectNode } from "./ssh/connect-node.ts";
import { Dialer } from "./ssh/dialer.ts";
import { operatorPublicKeys } from "./ssh/public-keys.ts";
import type { Runner } from "./ssh/runner.ts";
import { operatorFrom } from "./ssh/target.ts";
import { openState } from "./state/state.ts";
import type { Terminal } from "./terminal/terminal.ts";

export type WireOptions = {
  readonly clusterFile: string | undefined;
  readonly isVerbose: boolean;
  /** Nobody need be told of operations that were cut off. */
  readonly isMending: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly terminal: Terminal;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
};

export type Deps = Cluster & { close(): Promise<void> };

/** cluster.toml to everything a verb needs. Nothing is connected yet: each node is at its first use. Throws `config`. */
export async function wire(options: WireOptions): Promise<Deps> {
  const { clusterFile, env, reporter } = options;
  const config = await loadClusterConfig({ flag: clusterFile, cwd: process.cwd(), environment: env });
  const now = () => new Date();
  const { operator, dialer, connect: open } = wireConnections(options);
  const who = `${operator.user}@${hostname()}`;
  const state = openState(config.statePath, who, now, (text) => reporter.warn(text));
  if (!options.isMending) warnOfInterrupted(state.journal, reporter);
  const runners = new Map<string, Promise<Runner>>();
  const connect = (node: NodeConfig) => {
    const runner = runners.get(node.name) ?? open(node);
    runners.set(node.name, runner);
    return runner;
  };
  return {
    config,
    state,
    operator: who,
    now,
    connect,
    dialer,
    publicKeys: (file) => operatorPublicKeys(operator, file ?? config.defaults.sshKeyFile),
    close: async () => {
      const opened = await Promise.allSettled(runners.values());
      await Promise.all(
        opened.map((outcome) => (outcome.status === "fulfilled" ? outcome.value.close() : undefined)),
      );
      state.close();
    },
  };
}

/** For `init`, which has no cluster.toml yet. */
export function wireReach(options: WireOptions): Reach {
  const { dialer, connect } = wireConnections(options);
  return { dialer, connect, environment: options.env };
}

function wireConnections({ isVerbose, env, terminal, reporter, signal }: WireOptions) {
  const operator = operatorFrom(env);
  const askPassphrase = async (path: string) =>
    terminal.stderr.isTTY ? await terminal.askSecret(`Passphrase for ${path}:`) : undefined;
  const dialer = new Dialer({ operator, askPassphrase });
  // A logger that is asked for nothing need not be loaded.
  const log = isVerbose
    ? import("./terminal/command-log.ts").then(({ createCommandLog }) => createCommandLog(reporter))
    : undefined;
  const interruption = whenAborted(signal);
  const connectLogged = async (node: NodeConfig): Promise<Runner> => connectNode(dialer, node, await log);
  const connect = (node: NodeConfig): Promise<Runner> => Promise.race([connectLogged(node), interruption]);
  return { operator, dialer, connect };
}

/** Rejects at Ctrl-C: a node that keeps silent must not hold the person back. */
function whenAborted(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  const interrupt = () => reject(new WaifuError("interrupted", "interrupted"));
  if (signal.aborted) interrupt();
  else signal.addEventListener("abort", interrupt, { once: true });
  // It is no failure of its own where nobody is connecting.
  promise.catch(() => {});
  return promise;
}
