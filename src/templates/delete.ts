import { WaifuError } from "../errors.ts";
import type { Cluster } from "../nodes/cluster.ts";
import { type FanOut, onEveryNode } from "../nodes/fan-out.ts";
import type { Watch } from "../nodes/run-plan.ts";
import { type Holdings, readHoldings, versionsOf } from "./holdings.ts";
import { carryOut, planRemoval, type Removal } from "./removal.ts";
import { findVersions, type KnownVersion, shortDigest } from "./versions.ts";

export type TemplateDeletion = {
  readonly versions: readonly KnownVersion[];
  readonly removals: readonly Removal[];
};

/**
 * Finds a version, or all of a name, on every node. Changes nothing. Throws `not-found`, `refused` with the instances that stand on it, or
 * as a node that does not answer: what is there may be in use.
 */
export async function decideDelete(
  cluster: Cluster,
  wanted: string,
  signal?: AbortSignal,
): Promise<TemplateDeletion> {
  const { answers, failures } = await onEveryNode(cluster.config.nodes, (node) =>
    readHoldings(cluster, node, signal),
  );
  const [failure] = failures;
  if (failure !== undefined) {
    const { code, message, hint } = failure.error;
    throw new WaifuError(code, `can't look for what is made from ${wanted} everywhere: ${message}`, {
      node: failure.node.name,
      hint,
      cause: failure.error,
    });
  }
  const versions = findVersions(versionsOf(cluster, answers), wanted);
  const going = versions.filter((version) => !hasOtherName(cluster, version, versions));
  const doomed = new Map(going.map((version) => [version.digest, version])).values().toArray();
  for (const version of doomed) refuseInUse(version, answers);
  const removals = answers.flatMap((holdings) =>
    doomed.flatMap((version) => planRemoval("template delete", holdings, version) ?? []),
  );
  return { versions, removals };
}

/** Removes them from the nodes, then forgets them: what fails on one node is still known, and can be deleted again. */
export async function deleteTemplate(
  cluster: Cluster,
  { versions, removals }: TemplateDeletion,
  watch: Watch,
): Promise<FanOut<Removal>> {
  const decide = (holdings: Holdings, removal: Removal) => {
    refuseInUse(removal, [holdings]);
    return planRemoval("template delete", holdings, removal);
  };
  const outcome = await carryOut(cluster, removals, decide, watch);
  if (outcome.failures.length > 0) return outcome;
  for (const { name, digest } of versions) {
    cluster.state.templates.forget(name, digest);
    cluster.state.journal.settle(digest, "undone");
  }
  return outcome;
}

/** The same bytes may have been added under a name that stays. */
function hasOtherName(
  cluster: Cluster,
  { digest }: KnownVersion,
  versions: readonly KnownVersion[],
): boolean {
  const going = new Set(versions.filter((version) => version.digest === digest).map(({ name }) => name));
  return cluster.state.templates.all().some((record) => record.digest === digest && !going.has(record.name));
}

function refuseInUse(
  { name, digest }: { readonly name: string; readonly digest: string },
  holdings: readonly Holdings[],
): void {
  const users = holdings.flatMap(({ node, clones }) =>
    clones.filter((clone) => clone.digest === digest).map((clone) => ({ name: clone.name, node: node.name })),
  );
  const [first] = users;
  if (first === undefined) return;
  const list = users.map((user) => `${user.name} on ${user.node}`).join(", ");
  throw new WaifuError("refused", `${name}@${shortDigest(digest)} is in use by ${list}`, {
    node: first.node,
    instance: first.name,
    hint: `Delete what was made from it first (waifuctl delete ${first.name}), or leave old versions to waifuctl template prune.`,
  });
}
