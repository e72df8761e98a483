import type { NodeConfig } from "../config/cluster-config.ts";
import type { Cluster } from "../nodes/cluster.ts";
import { type FanOut, type NodeFailure, onEveryNode } from "../nodes/fan-out.ts";
import type { Watch } from "../nodes/run-plan.ts";
import type { KeptFile } from "../storage/kept-images.ts";
import { removeFiles } from "../storage/node-files.ts";
import { type Holdings, hasTemplate, readHoldings, versionsOf } from "./holdings.ts";
import { carryOut, planRemoval, type Removal } from "./removal.ts";
import { type KnownVersion, shortDigest } from "./versions.ts";

const VERB = "template prune";
const DAY_MS = 24 * 3_600_000;

export type Pruning = {
  readonly removals: readonly Removal[];
  /** Versions that are left nowhere afterwards. */
  readonly forgotten: readonly KnownVersion[];
  readonly failures: readonly NodeFailure[];
};

/**
 * Finds the versions that nothing is cloned from and that are not the newest of their name, and what downloads and conversions left
 * unfinished more than a day ago. What was not added here is left alone: it may be another operator's newest, and its only copy.
 */
export async function decidePrune(
  cluster: Cluster,
  nodes: readonly NodeConfig[],
  signal?: AbortSignal,
): Promise<Pruning> {
  const { answers, failures } = await onEveryNode(nodes, (node) => readHoldings(cluster, node, signal));
  const isWhole = failures.length === 0 && nodes.length === cluster.config.nodes.length;
  const clones = answers.flatMap((holdings) => holdings.clones);
  const forgotten = oldVersions(cluster, answers).filter(
    ({ digest }) => isWhole && !clones.some((clone) => clone.digest === digest),
  );
  return { removals: answers.flatMap((holdings) => prunable(cluster, holdings)), forgotten, failures };
}

/** Removes what still can go when its turn comes. */
export async function prune(
  cluster: Cluster,
  { removals, forgotten }: Pruning,
  watch: Watch,
): Promise<FanOut<Removal>> {
  const decide = (holdings: Holdings, { digest }: Removal) =>
    prunable(cluster, holdings).find((removal) => removal.digest === digest);
  const outcome = await carryOut(cluster, removals, decide, watch);
  if (outcome.failures.length === 0)
    for (const { name, digest } of forgotten) cluster.state.templates.forget(name, digest);
  return outcome;
}

/** Each digest once. */
function prunable(cluster: Cluster, holdings: Holdings): Removal[] {
  const { clones, files } = holdings;
  const versions = versionsOf(cluster, [holdings]);
  const isKept = (digest: string) =>
    clones.some((clone) => clone.digest === digest) ||
    versions.some((version) => version.digest === digest && version.isNewest);
  const stale = files.filter((file) => file.ageMs > DAY_MS);
  const orphans = stale
    .filter(({ digest, isUnfinished }) => !isUnfinished && !hasTemplate(holdings, digest))
    .map(({ digest }) => versions.find((version) => version.digest === digest) ?? { name: "image", digest });
  const doomed = new Map([...orphans, ...oldVersions(cluster, [holdings])].map((one) => [one.digest, one]));
  const removals = [...doomed.values()].flatMap((one) =>
    isKept(one.digest) ? [] : (planRemoval(VERB, holdings, one) ?? []),
  );
  const parts = stale.filter(
    ({ digest, isUnfinished }) => isUnfinished && !removals.some((removal) => removal.digest === digest),
  );
  return [...removals, ...parts.map((part) => partRemoval(holdings, part))];
}

function partRemoval({ node }: Holdings, { digest, path, allocatedBytes }: KeptFile): Removal {
  const step = {
    title: `remove what is unfinished of ${shortDigest(digest)}`,
    commands: [removeFiles(path)],
  };
  const plan = { verb: VERB, instance: "unfinished", uuid: digest, node, stages: [[step]] };
  return { node, name: "unfinished", digest, bytes: allocatedBytes, plan };
}

function oldVersions(cluster: Cluster, holdings: readonly Holdings[]): KnownVersion[] {
  const versions = versionsOf(cluster, holdings);
  const newest = new Set(versions.filter(({ isNewest }) => isNewest).map(({ digest }) => digest));
  return versions.filter(({ record, digest }) => record !== undefined && !newest.has(digest));
}
