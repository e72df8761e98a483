import { repeatable } from "../command.ts";
import { WaifuError } from "../errors.ts";
import { parseHistory, type SeedGeneration, type SeedHistory } from "../metadata/seed-history.ts";
import type { Cluster } from "../nodes/cluster.ts";
import { seedHistoryPath } from "../storage/node-files.ts";
import { type Instance, locateInstance } from "./locate.ts";

/** An instance with the seed that its node keeps of it. */
export type SeededInstance = { readonly instance: Instance; readonly history: SeedHistory };

/** Throws as `locateInstance` does, and `refused` when the node has not kept the seed. */
export async function locateSeed(
  cluster: Cluster,
  name: string,
  signal?: AbortSignal,
): Promise<SeededInstance> {
  return await readSeed(cluster, await locateInstance(cluster, name, signal), signal);
}

/** Throws `refused` when the node has not kept the seed. */
export async function readSeed(
  cluster: Cluster,
  instance: Instance,
  signal?: AbortSignal,
): Promise<SeededInstance> {
  const { node, spec } = instance;
  const { name } = spec;
  const path = seedHistoryPath(spec.uuid);
  const { exitCode, stdout } = await (await cluster.connect(node)).run(repeatable(["cat", path]), signal);
  const history = exitCode === 0 ? parseHistory(stdout) : undefined;
  if (history !== undefined) return { instance, history };
  const what = exitCode === 0 ? "is damaged" : "is not there";
  throw new WaifuError("refused", `what node ${node.name} keeps of the seed of ${name} ${what}: ${path}`, {
    node: node.name,
    instance: name,
    hint: "Make the instance anew: its disk and its user-data can't be told apart from here.",
  });
}

/** The current one when `wanted` is absent. Throws `not-found`, with those that are kept. */
export function generationOf({ instance, history }: SeededInstance, wanted?: number): SeedGeneration {
  const kept = [history.current, ...history.earlier];
  const found = wanted === undefined ? history.current : kept.find((one) => one.generation === wanted);
  if (found !== undefined) return found;
  const { name } = instance.spec;
  throw new WaifuError("not-found", `no generation ${wanted} of the seed of ${name} is kept`, {
    instance: name,
    hint: `There are: ${kept.map(({ generation }) => generation).join(", ")}.`,
  });
}
