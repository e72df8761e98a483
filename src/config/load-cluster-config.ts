import { join, resolve } from "node:path";
import { WaifuError } from "../errors.ts";
import type { ClusterConfig } from "./cluster-config.ts";
import { type Environment, xdgFolder } from "./cluster-paths.ts";
import { readIfThere } from "./read-if-there.ts";

export type ClusterFileSearch = {
  /** What --cluster says. */
  readonly flag?: string;
  readonly cwd: string;
  readonly environment: Environment;
};

/** Where `waifuctl init` writes, and where every other command looks last. */
export function personalClusterFile(environment: Environment): string {
  return join(xdgFolder(environment, "CONFIG"), "waifuctl", "cluster.toml");
}

/**
 * Reads the cluster file: --cluster, else $WAIFU_CLUSTER, else ./cluster.toml, else the operator's own.
 * A file named outright must exist: nothing else is tried. Throws `config`.
 */
export async function loadClusterConfig({
  flag,
  cwd,
  environment,
}: ClusterFileSearch): Promise<ClusterConfig> {
  const named = flag ?? (environment.WAIFU_CLUSTER || undefined);
  const places = named === undefined ? ["cluster.toml", personalClusterFile(environment)] : [named];
  for (const place of places.map((place) => resolve(cwd, place))) {
    const text = await readIfThere(place, "the cluster file");
    if (text === undefined) continue;
    const { parseClusterConfig } = await import("./parse-cluster-config.ts");
    return parseClusterConfig(text, place, environment);
  }
  const searched = places.map((place) => resolve(cwd, place)).join(" and ");
  throw new WaifuError("config", `There is no cluster file: looked for ${searched}`, {
    hint: "Write one with: waifuctl init",
  });
}
