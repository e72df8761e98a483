import type { NodeConfig } from "../config/cluster-config.ts";
import { WaifuError } from "../errors.ts";
import type { Cluster } from "../nodes/cluster.ts";
import { describePlan } from "../nodes/describe-plan.ts";
import { until, type Watch } from "../nodes/run-plan.ts";
import { takeRunLock } from "../state/run-lock.ts";
import { twinsOf } from "./cluster-findings.ts";
import type { Found } from "./finding.ts";
import { findingsOf, inOrder, nodeFindings } from "./findings.ts";
import { gather } from "./gather.ts";
import type { Mended } from "./mend-node.ts";
import { operationFindings } from "./operation-findings.ts";
import { left, type Outcome, outcomeOf, putOff } from "./outcome.ts";
import { planOf } from "./plan-of.ts";
import { remember } from "./remember.ts";
import type { NodeView, View } from "./scene.ts";

export type ReconcileOptions = {
  readonly nodes: readonly NodeConfig[];
  /** Also what somebody may have wanted as it is. */
  readonly isForced: boolean;
  readonly isDryRun: boolean;
  /** What was not begun by then is left for the next run. */
  readonly timeoutMs: number;
};

export type Reconciliation = {
  readonly outcomes: readonly Outcome[];
  readonly reached: readonly string[];
  readonly unreached: readonly string[];
};

/**
 * Looks at the nodes, compares with what was wanted and what is remembered, and mends what may be mended. A node where all is well is
 * looked at once, and not locked. Throws `locked` at once when another one of this state file is at work.
 */
export async function reconcile(
  cluster: Cluster,
  options: ReconcileOptions,
  watch: Watch,
): Promise<Reconciliation> {
  const end = new AbortController();
  const timer = setTimeout(
    () => end.abort(new WaifuError("interrupted", "the time was up")),
    options.timeoutMs,
  );
  const bounded = until(end.signal, watch);
  const lock = options.isDryRun ? undefined : takeRunLock(cluster.config.statePath);
  try {
    const view = await gather(cluster, options.nodes, bounded.signal);
    const outcomes = options.isDryRun ? foretell(view) : await mendAll(cluster, view, options, bounded);
    watch.signal?.throwIfAborted();
    return {
      outcomes: inOrder(outcomes),
      reached: view.nodes.map(({ probe }) => probe.node.name),
      unreached: view.failures.map(({ node }) => node.name),
    };
  } finally {
    clearTimeout(timer);
    lock?.release();
  }
}

/** What would be done; the commands are those of a run at this moment. */
function foretell(view: View): Outcome[] {
  return findingsOf(view).map((found) => {
    const seen = view.nodes.find(({ probe }) => probe.node.name === found.node);
    if (seen === undefined || found.repair?.by !== "steps") return left(found);
    const { steps } = describePlan(planOf(found, seen, found.repair.stages));
    return left(found, { commands: steps.flatMap(({ commands }) => commands) });
  });
}

async function mendAll(
  cluster: Cluster,
  view: View,
  { isForced }: ReconcileOptions,
  watch: Watch,
): Promise<Outcome[]> {
  const twins = twinsOf(view);
  const may = ({ risk, uuid = "" }: Found) =>
    (risk === "safe" || (risk === "force" && isForced)) && !twins.has(uuid);
  const operations = Map.groupBy(operationFindings(view), ({ node }) => node);
  const cared = await Promise.all(
    view.nodes.map(async (seen) => {
      const { name } = seen.probe.node;
      const open = operations.get(name) ?? [];
      operations.delete(name);
      const found = nodeFindings(view, seen);
      return await careFor(cluster, seen, { open, found }, may, watch);
    }),
  );
  const nodes = cared.map(({ view }) => view);
  const news = await remember(cluster, { nodes, failures: view.failures }, may);
  const unseen = [...operations.values()].flat().map((found) => left(found));
  return [...unseen, ...news, ...cared.flatMap(({ outcomes }) => outcomes)];
}

/** Ends what was cut off, then looks again, under the lock: a node where nothing was found is left in peace. */
async function careFor(
  cluster: Cluster,
  seen: NodeView,
  { open, found }: { readonly open: readonly Found[]; readonly found: readonly Found[] },
  may: (found: Found) => boolean,
  watch: Watch,
): Promise<Mended> {
  if (open.length === 0 && found.length === 0) return { view: seen, outcomes: [] };
  const [{ mendNode }, { recover }] = await Promise.all([
    import("./mend-node.ts"),
    import("../recovery/recover.ts"),
  ]);
  const ended: Outcome[] = [];
  for (const one of open) {
    const { repair } = one;
    const isMended = repair?.by === "recovery" && may(one);
    ended.push(isMended ? await outcomeOf(one, () => recover(cluster, repair.recovery, watch)) : left(one));
  }
  try {
    const { view, outcomes } = await mendNode(cluster, seen.probe.node, may, watch);
    return { view, outcomes: [...ended, ...outcomes] };
  } catch (error) {
    const rest = found.map((one) => putOff(one, error));
    return { view: seen, outcomes: [...ended, ...rest] };
  }
}
