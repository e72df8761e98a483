import { addressFindings } from "./address-findings.ts";
import { clusterFindings } from "./cluster-findings.ts";
import { domainFindings } from "./domain-findings.ts";
import { type Finding, type Found, findingKinds } from "./finding.ts";
import { leftoverFindings } from "./leftover-findings.ts";
import { operationFindings } from "./operation-findings.ts";
import { powerFindings } from "./power-findings.ts";
import { type NodeView, sceneOf, type View } from "./scene.ts";
import { seedFindings } from "./seed-findings.ts";
import { serviceFindings } from "./service-findings.ts";

/** All that is not as it was wanted, in the order in which it is mended. Pure: the same view gives the same findings. */
export function findingsOf(view: View): Found[] {
  return inOrder([
    ...operationFindings(view),
    ...clusterFindings(view),
    ...view.nodes.flatMap((node) => nodeFindings(view, node)),
  ]);
}

/** What one node shows by itself. */
export function nodeFindings(view: View, node: NodeView): Found[] {
  const scene = sceneOf(view, node);
  return inOrder([
    ...serviceFindings(scene),
    ...domainFindings(scene),
    ...seedFindings(scene),
    ...addressFindings(scene),
    ...powerFindings(scene),
    ...leftoverFindings(scene),
  ]);
}

/** As `findingKinds` has them; within a kind by node and instance. */
export function inOrder<T extends Finding>(found: readonly T[]): T[] {
  const rank = ({ kind, node, instance = "" }: Finding) =>
    `${String(findingKinds.indexOf(kind)).padStart(2, "0")} ${node} ${instance}`;
  return found.toSorted((a, b) => (rank(a) < rank(b) ? -1 : 1));
}
