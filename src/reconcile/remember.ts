import type { Cluster } from "../nodes/cluster.ts";
import { clusterFindings } from "./cluster-findings.ts";
import type { Found } from "./finding.ts";
import { viewOf } from "./gather.ts";
import { left, type Outcome, outcomeOf } from "./outcome.ts";
import { steadyMs } from "./power-findings.ts";
import { isOn, type NodeView, type View } from "./scene.ts";

/** Takes over what was seen last, and tells of what that is news. No node is touched. */
export async function remember(
  cluster: Cluster,
  seen: Pick<View, "nodes" | "failures">,
  may: (found: Found) => boolean,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const found of clusterFindings(viewOf(cluster, seen))) {
    const isMended = found.repair !== undefined && may(found);
    outcomes.push(isMended ? await outcomeOf(found, async () => learn(cluster, found)) : left(found));
  }
  for (const view of seen.nodes) rememberNode(cluster, view);
  return outcomes;
}

function learn(
  { state, operator, now }: Cluster,
  { repair, kind, instance = "", node, message }: Found,
): void {
  if (repair?.by !== "memory") return;
  const { what } = repair;
  if (what.kind === "forget") state.instances.forget(what.uuid);
  if (what.kind === "template") state.templates.put(what.version);
  if (what.kind === "secrets") state.secrets.forgetAll(what.scope);
  const entry = { at: now().toISOString(), operator, verb: `reconcile ${kind}`, instance, node };
  state.audit.add({ ...entry, outcome: "done", ms: 0, detail: message });
}

/** Whose domain is gone or damaged, but not the disk, is remembered still: nothing else tells what was wanted of it. */
function rememberNode({ state, now }: Cluster, { probe: { node, domains, storage } }: NodeView): void {
  const seenAt = now().toISOString();
  const ours = domains.flatMap(({ spec, state }) => (spec === undefined ? [] : [{ spec, state, seenAt }]));
  const isSeen = (uuid: string) => ours.some(({ spec }) => spec.uuid === uuid);
  const kept = state.instances
    .all()
    .filter((seen) => seen.node === node.name && !isSeen(seen.spec.uuid))
    .filter(({ spec }) => storage.disks.some(({ uuid }) => uuid === spec.uuid));
  state.instances.replaceNode(node.name, [...ours, ...kept]);
  for (const domain of domains) {
    const tried = state.restarts.of(domain.uuid);
    if (tried === undefined || !isOn(domain)) continue;
    if (now().getTime() - Date.parse(tried.lastAt) >= steadyMs) state.restarts.clear(domain.uuid);
  }
}
