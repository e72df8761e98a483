import { dirname } from "node:path";
import { WaifuError } from "../errors.ts";
import type { NodeConfig } from "./cluster-config.ts";
import { type ClusterFile, clusterFile, knownAt } from "./cluster-file.ts";
import type { Environment } from "./cluster-paths.ts";
import { complain, mistakesOf } from "./file-mistakes.ts";
import { resolveClusterConfig } from "./resolve-cluster-config.ts";

/** A `[[node]]` as it is written. */
export type NodeTable = ClusterFile["node"][number];

/** What a node's table will mean in the cluster file at `path`. Throws `usage` with its first mistake. */
export function resolveNodeTable(table: NodeTable, path: string, environment: Environment): NodeConfig {
  // As it will be written: keys that are undefined are not there.
  const written: unknown = JSON.parse(JSON.stringify(table));
  const parsed = clusterFile.safeParse({ node: [written] }, { error: complain });
  const origin = { path, folder: dirname(path), environment };
  const [node] = parsed.success ? resolveClusterConfig(parsed.data, origin).nodes : [];
  if (node !== undefined) return node;
  const [mistake] = mistakesOf(parsed.error?.issues ?? [], knownAt);
  const key = mistake?.path.slice(2).join(".");
  throw new WaifuError("usage", `the node's ${key} ${mistake?.complaint}`, { hint: mistake?.hint });
}
