import type { NodeConfig } from "../config/cluster-config.ts";
import type { Cluster } from "../nodes/cluster.ts";
import { withImageLock, withNodeLock } from "../nodes/lock.ts";
import { runPlan, type Watch } from "../nodes/run-plan.ts";
import { storageOf } from "../storage/storage-of.ts";
import { type Found, identify, isNodeRepair } from "./finding.ts";
import { nodeFindings } from "./findings.ts";
import { viewNode, viewOf } from "./gather.ts";
import { left, type Outcome, outcomeOf } from "./outcome.ts";
import { planOf } from "./plan-of.ts";
import { planRepair } from "./plan-repair.ts";
import type { NodeView } from "./scene.ts";

/** One repair may bring the next to light: what was defined again is off. */
const mostRounds = 3;

export type Mended = { readonly view: NodeView; readonly outcomes: readonly Outcome[] };

/**
 * Mends one node under its lock, by what is seen there then: until it was ours, somebody may have been at work. Looks again after each
 * round. What is not to be mended now, or failed once, is left.
 */
export async function mendNode(
  cluster: Cluster,
  node: NodeConfig,
  may: (found: Found) => boolean,
  watch: Watch,
): Promise<Mended> {
  const locked = await withNodeLock(cluster, node, watch, async (watch) => {
    const tried = new Map<string, Outcome>();
    for (let round = 1; ; round++) {
      const view = await viewNode(cluster, node, watch.signal);
      const found = nodeFindings(viewOf(cluster, { nodes: [view], failures: [] }), view);
      const next = found.filter((one) => isNodeRepair(one.repair) && may(one) && !tried.has(identify(one)));
      const isLast = round > mostRounds || next.length === 0 || watch.signal?.aborted === true;
      if (isLast) return { view, found, tried };
      for (const one of next) tried.set(identify(one), await mend(cluster, view, one, watch));
    }
  });
  const { view, found, tried } = locked;
  const rest = found.filter((one) => !tried.has(identify(one)));
  const discards = rest.filter((one) => one.repair?.by === "discard" && may(one));
  const outcomes = [
    ...tried.values(),
    ...rest.filter((one) => !discards.includes(one)).map((one) => left(one)),
  ];
  for (const one of discards) outcomes.push(await discard(cluster, node, one, watch));
  return { view, outcomes };
}

async function mend(cluster: Cluster, view: NodeView, found: Found, watch: Watch): Promise<Outcome> {
  return await outcomeOf(found, async () => {
    const { repair, uuid = "" } = found;
    if (!isNodeRepair(repair)) return;
    const plan = await planRepair(cluster, view, found, repair, watch.signal);
    // Before it is tried: what fails to start, or kills us, must not be tried at once again.
    if (repair.by === "steps" && repair.isRestart)
      cluster.state.restarts.note(uuid, cluster.now().toISOString());
    await runPlan(cluster, plan, watch);
  });
}

/** Whoever installs a template holds its image's lock, and not the node's. */
async function discard(cluster: Cluster, node: NodeConfig, found: Found, watch: Watch): Promise<Outcome> {
  return await outcomeOf(found, async () => {
    const digest = found.uuid ?? "";
    await withImageLock(cluster, node, digest, watch, async (watch) => {
      const view = await viewNode(cluster, node, watch.signal);
      if (!view.probe.storage.unfinished.includes(digest)) return;
      const commands = storageOf(node.storage).discardTemplate(digest);
      await runPlan(
        cluster,
        planOf(found, view, [[{ title: "remove what there is of it", commands }]]),
        watch,
      );
    });
  });
}
