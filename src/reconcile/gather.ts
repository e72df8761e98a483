import { version } from "../../package.json";
import type { NodeConfig } from "../config/cluster-config.ts";
import { WaifuError } from "../errors.ts";
import type { Cluster } from "../nodes/cluster.ts";
import { onEveryNode } from "../nodes/fan-out.ts";
import { probeNodeWith } from "../nodes/probe.ts";
import { fateOf } from "../state/living-process.ts";
import type { Memories, NodeView, View } from "./scene.ts";
import { parseTraces } from "./traces.ts";
import { readTraces } from "./traces-script.ts";

/** Looks at these nodes, all at once, in one round trip each. One that has not answered when the signal comes counts as unreachable. */
export async function gather(
  cluster: Cluster,
  nodes: readonly NodeConfig[],
  signal?: AbortSignal,
): Promise<View> {
  const { answers, failures } = await onEveryNode(nodes, (node) =>
    inTime(node, viewNode(cluster, node, signal), signal),
  );
  return viewOf(cluster, { nodes: answers, failures });
}

export async function viewNode(cluster: Cluster, node: NodeConfig, signal?: AbortSignal): Promise<NodeView> {
  const { probe, more } = await probeNodeWith(cluster, node, [readTraces(node)], signal);
  return { probe, traces: parseTraces(more[0]?.stdout ?? "") };
}

/** What was seen, beside what is remembered now. */
export function viewOf(cluster: Cluster, seen: Pick<View, "nodes" | "failures">): View {
  const now = cluster.now();
  return { ...seen, configured: cluster.config.nodes, memories: memoriesOf(cluster), version, now };
}

function memoriesOf({ state }: Cluster): Memories {
  const instances = state.instances.all();
  const restarts = instances.flatMap(({ spec: { uuid } }) => {
    const tried = state.restarts.of(uuid);
    return tried === undefined ? [] : [[uuid, tried] as const];
  });
  return {
    instances,
    templates: state.templates.all(),
    secrets: state.secrets.all(),
    operations: state.journal.open().map((operation) => ({ ...operation, fate: fateOf(operation) })),
    restarts: new Map(restarts),
  };
}

/** A connection that is being made can't be told to stop. */
async function inTime<T>(node: NodeConfig, work: Promise<T>, signal?: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const end = () =>
    reject(new WaifuError("unreachable", `node ${node.name} did not answer in time`, { node: node.name }));
  if (signal?.aborted) end();
  signal?.addEventListener("abort", end, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal?.removeEventListener("abort", end);
    // Whichever lost the race is nobody's any more.
    promise.catch(() => {});
    work.catch(() => {});
  }
}
