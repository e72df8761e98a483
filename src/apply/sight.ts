import { dirname } from "node:path";
import { type Command, repeatable } from "../command.ts";
import type { Instance } from "../instances/locate.ts";
import { parseHistory, type SeedHistory } from "../metadata/seed-history.ts";
import type { Cluster } from "../nodes/cluster.ts";
import { lastSeenOn, type NodeFailure, onEveryNode } from "../nodes/fan-out.ts";
import { type NodeProbe, probeNode } from "../nodes/probe.ts";
import type { SeenInstance } from "../state/instances.ts";
import { seedHistoryPath } from "../storage/node-files.ts";

/** An instance and what its guest is told, without earlier generations; absent where its node has lost that. */
export type Actual = Instance & { readonly history?: SeedHistory };

/** The whole cluster at once. */
export type Sight = {
  readonly actual: readonly Actual[];
  readonly probes: readonly NodeProbe[];
  readonly failures: readonly NodeFailure[];
  /** On nodes that don't answer, as they were last seen. */
  readonly unseen: readonly SeenInstance[];
};

/** Everything that descriptions can be compared with: one round trip a node, all nodes at once. */
export async function lookAround(cluster: Cluster, signal?: AbortSignal): Promise<Sight> {
  const { answers, failures } = await onEveryNode(cluster.config.nodes, async (node) => {
    const runner = await cluster.connect(node);
    const [probe, seeds] = await Promise.all([
      probeNode(cluster, node, signal),
      runner.run(readSeeds(), signal),
    ]);
    const histories = parseSeeds(seeds.stdout);
    const actual = probe.domains.flatMap(({ spec, ...domain }) =>
      spec === undefined ? [] : [{ ...domain, node, spec, history: histories.get(spec.uuid) }],
    );
    return { probe, actual };
  });
  return {
    actual: answers.flatMap(({ actual }) => actual),
    probes: answers.map(({ probe }) => probe),
    failures,
    unseen: lastSeenOn(failures, cluster.state.instances.all()),
  };
}

/**
 * A line each. Earlier generations are cut off there, for they can be a mebibyte each: no text inside JSON holds a quote that stands after a
 * comma without a backslash, so what is found is the key.
 */
const seedsScript = `
for file in "$1"/*.json; do
  [ -e "$file" ] && sed 's/,"earlier":\\[.*/,"earlier":[]}/' "$file" && echo
done; :`;

export function readSeeds(): Command {
  return repeatable(["sh", "-c", seedsScript, "sh", dirname(seedHistoryPath(""))]);
}

/** By uuid; what is damaged is left out. */
export function parseSeeds(stdout: string): Map<string, SeedHistory> {
  const histories = stdout.split("\n").map(parseHistory);
  return new Map(histories.flatMap((history) => (history === undefined ? [] : [[history.uuid, history]])));
}
