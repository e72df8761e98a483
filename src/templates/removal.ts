import type { NodeConfig } from "../config/cluster-config.ts";
import type { Cluster } from "../nodes/cluster.ts";
import { type FanOut, onEveryNode } from "../nodes/fan-out.ts";
import { withImageLock, withNodeLock } from "../nodes/lock.ts";
import type { Plan } from "../nodes/plan.ts";
import { runPlan, type Watch } from "../nodes/run-plan.ts";
import { removeImage } from "../storage/kept-images.ts";
import { storageOf } from "../storage/storage-of.ts";
import { type Holdings, readHoldings } from "./holdings.ts";
import { shortDigest } from "./versions.ts";

/** What goes from one node, of one digest. */
export type Removal = {
  readonly node: NodeConfig;
  readonly name: string;
  readonly digest: string;
  /** What it takes up there. */
  readonly bytes: number;
  readonly plan: Plan;
};

type Doomed = { readonly name: string; readonly digest: string };

/** Of a digest that nothing is cloned from: template, image, and what is unfinished of both. Undefined when none of it is there. */
export function planRemoval(verb: string, holdings: Holdings, { name, digest }: Doomed): Removal | undefined {
  const { node } = holdings;
  const template = holdings.templates.find((candidate) => candidate.digest === digest);
  const files = holdings.files.filter((file) => file.digest === digest);
  if (template === undefined && files.length === 0) return undefined;
  const storage = storageOf(node.storage);
  const taken = [template, ...files].map((thing) => thing?.allocatedBytes ?? 0);
  const version = `${name}@${shortDigest(digest)}`;
  const step = {
    title: `remove ${version}`,
    commands:
      template === undefined
        ? // Whoever began it may have left something at work on it.
          [removeImage(digest), ...storage.discardTemplate(digest)]
        : [...storage.deleteTemplate(digest), removeImage(digest)],
  };
  return {
    node,
    name,
    digest,
    bytes: taken.reduce((sum, bytes) => sum + bytes, 0),
    plan: { verb, instance: version, uuid: digest, node, isFinal: true, stages: [[step]] },
  };
}

/**
 * Runs removals on their nodes at once, each while nobody fetches, converts or clones that image, and as `decide` finds it then: undefined
 * leaves all as it is. May be repeated. Answers with what was removed.
 */
export async function carryOut(
  cluster: Cluster,
  removals: readonly Removal[],
  decide: (holdings: Holdings, removal: Removal) => Removal | undefined,
  watch: Watch,
): Promise<FanOut<Removal>> {
  const nodes = cluster.config.nodes.filter((node) => removals.some((removal) => removal.node === node));
  const { answers, failures } = await onEveryNode(nodes, async (node) => {
    const removed: Removal[] = [];
    for (const removal of removals.filter((candidate) => candidate.node === node)) {
      await underLocks(cluster, removal, watch, async (watch) => {
        const found = decide(await readHoldings(cluster, node, watch.signal), removal);
        if (found === undefined) return;
        await runPlan(cluster, found.plan, watch);
        cluster.state.journal.settle(found.digest, "undone", node.name);
        removed.push(found);
      });
    }
    return removed;
  });
  return { answers: answers.flat(), failures };
}

/** What was to be removed from a node, unless it is in use since. May be repeated. */
export async function removeUnused(
  cluster: Cluster,
  node: NodeConfig,
  doomed: Doomed,
  verb: string,
  watch: Watch,
): Promise<FanOut<Removal>> {
  const decide = (holdings: Holdings) =>
    holdings.clones.some(({ digest }) => digest === doomed.digest)
      ? undefined
      : planRemoval(verb, holdings, doomed);
  const plan = { verb, instance: doomed.name, uuid: doomed.digest, node, stages: [] };
  return await carryOut(cluster, [{ ...doomed, node, bytes: 0, plan }], decide, watch);
}

function underLocks(
  cluster: Cluster,
  { node, digest }: Removal,
  watch: Watch,
  work: (watch: Watch) => Promise<void>,
): Promise<void> {
  return withImageLock(cluster, node, digest, watch, (watch) => withNodeLock(cluster, node, watch, work));
}
