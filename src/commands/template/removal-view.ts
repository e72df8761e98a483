import { describePlan, renderPlan } from "../../nodes/describe-plan.ts";
import { formatSize } from "../../size.ts";
import type { Removal } from "../../templates/removal.ts";
import { shortDigest } from "../../templates/versions.ts";

/** `debian-12@a1b2c3d4 on alpha, 1.2 GiB`, a line each. */
export function renderRemovals(removals: readonly Removal[]): string {
  return removals
    .map(
      ({ name, digest, node, bytes }) =>
        `${name}@${shortDigest(digest)} on ${node.name}, ${formatSize(bytes)}\n`,
    )
    .join("");
}

export function renderRemovalPlans(removals: readonly Removal[]): string {
  return removals.map(({ plan }) => renderPlan(describePlan(plan))).join("\n");
}

export function removalJson({ node, name, digest, bytes }: Removal) {
  return { node: node.name, name, digest, bytes };
}

export function sumOfBytes(removals: readonly Removal[]): number {
  return removals.reduce((sum, { bytes }) => sum + bytes, 0);
}
