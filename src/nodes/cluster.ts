import type { ClusterConfig, NodeConfig } from "../config/cluster-config.ts";
import { WaifuError } from "../errors.ts";
import { nearest } from "../nearest.ts";
import type { Dialer } from "../ssh/dialer.ts";
import type { Runner } from "../ssh/runner.ts";
import type { State } from "../state/state.ts";

/** What every verb works on: the nodes by configuration, a way to reach them, and what is remembered of them. */
export type Cluster = {
  readonly config: ClusterConfig;
  readonly state: State;
  /** user@host of whoever is at the keyboard, for locks and the audit. */
  readonly operator: string;
  /** One connection a node a run, however often it is asked for. Throws `unreachable`, `auth` or `host-key`. */
  connect(node: NodeConfig): Promise<Runner>;
  /** For what needs more than a node's commands: its host key, a guest's shell. */
  readonly dialer: Dialer;
  /** Public keys of the operator, one line each: of the file, or the usual ones, or the agent's. Throws `refused` when there are none. */
  publicKeys(file?: string): Promise<string[]>;
  now(): Date;
};

/** Throws `not-found` with the nearest name. */
export function nodeNamed(cluster: Pick<Cluster, "config">, name: string): NodeConfig {
  const names = cluster.config.nodes.map((node) => node.name);
  const found = cluster.config.nodes.find((node) => node.name === name);
  if (found !== undefined) return found;
  const suggestion = nearest(name, names);
  throw new WaifuError("not-found", `there is no node ${JSON.stringify(name)} in ${cluster.config.path}`, {
    hint: suggestion === undefined ? `Nodes: ${names.join(", ")}.` : `Did you mean ${suggestion}?`,
  });
}
