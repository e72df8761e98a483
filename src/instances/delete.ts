import type { NodeConfig } from "../config/cluster-config.ts";
import { WaifuError } from "../errors.ts";
import { nearest } from "../nearest.ts";
import type { Cluster } from "../nodes/cluster.ts";
import { onEveryNode } from "../nodes/fan-out.ts";
import { concernsInstance } from "../nodes/interrupted.ts";
import { withNodeLock } from "../nodes/lock.ts";
import type { Plan } from "../nodes/plan.ts";
import { type NodeProbe, probeNode } from "../nodes/probe.ts";
import { runPlan, type Watch } from "../nodes/run-plan.ts";
import { instanceScope } from "../secrets/scope.ts";
import { macOf } from "./mac.ts";
import { planRemoval, type Traces } from "./removal.ts";

export type Deletion = { readonly node: NodeConfig; readonly traces: Traces; readonly plan: Plan };

/**
 * Finds every trace of an instance, also of one that was left half made or lost its domain. Changes nothing.
 * Throws `not-found` with the nearest name, or `unreachable` when it may be on a node that does not answer.
 */
export async function decideDelete(cluster: Cluster, name: string, signal?: AbortSignal): Promise<Deletion> {
  const remembered = cluster.state.instances.all().find((seen) => seen.spec.name === name);
  const likely = cluster.config.nodes.filter((node) => node.name === remembered?.node);
  const nodes = likely.length > 0 ? likely : cluster.config.nodes;
  const view = await onEveryNode(nodes, (node) => probeNode(cluster, node, signal));
  for (const probe of view.answers) {
    const traces = tracesOf(cluster, probe, name);
    if (traces !== undefined) return deletion(cluster, probe, traces);
  }
  for (const probe of view.answers) refuseForeign(probe, name);
  const [failure] = view.failures;
  if (failure !== undefined) {
    throw new WaifuError(failure.error.code, `can't look for ${name} everywhere: ${failure.error.message}`, {
      node: failure.node.name,
      instance: name,
      hint: failure.error.hint,
      cause: failure.error,
    });
  }
  if (remembered !== undefined) {
    // It is not where it was last seen: forget that, and look everywhere.
    cluster.state.instances.forget(remembered.spec.uuid);
    return await decideDelete(cluster, name, signal);
  }
  const names = view.answers.flatMap(({ domains }) => domains.flatMap(({ spec }) => spec?.name ?? []));
  const suggestion = nearest(name, names);
  throw new WaifuError("not-found", `there is no instance ${JSON.stringify(name)}`, {
    instance: name,
    hint: suggestion === undefined ? "See waifuctl list." : `Did you mean ${suggestion}?`,
  });
}

/** Removes the instance with its disk, seed, address and console log. May be repeated until nothing is left. */
export async function deleteInstance(cluster: Cluster, decided: Deletion, watch: Watch): Promise<void> {
  await deleteTraces(cluster, decided.node, decided.traces, watch);
}

/** The same by what it was known by: also where nothing of it is left, or it never came to be. */
export async function deleteTraces(
  cluster: Cluster,
  node: NodeConfig,
  traces: Traces,
  watch: Watch,
): Promise<void> {
  await withNodeLock(cluster, node, watch, async (watch) => {
    const { plan } = deletion(cluster, await probeNode(cluster, node, watch.signal), traces);
    await runPlan(cluster, plan, watch);
    cluster.state.journal.settle(traces.uuid, "undone");
    cluster.state.instances.forget(traces.uuid);
    cluster.state.secrets.forgetAll(instanceScope(traces.uuid));
  });
}

function deletion({ now }: Cluster, probe: NodeProbe, traces: Traces): Deletion {
  const stages = planRemoval(probe, traces, now());
  const { node } = probe;
  const plan = {
    verb: "delete",
    instance: traces.name,
    uuid: traces.uuid,
    node,
    isFinal: true,
    stages,
  } as const;
  return { node, traces, plan };
}

/** By the domain, else by a disk's label, else by an operation that never ended here. */
function tracesOf(cluster: Cluster, { node, domains, storage }: NodeProbe, name: string): Traces | undefined {
  const spec = domains.find((domain) => domain.spec?.name === name)?.spec;
  if (spec !== undefined) return spec;
  const open = cluster.state.journal
    .open()
    .find((entry) => concernsInstance(entry) && entry.instance === name && entry.node === node.name);
  const uuid = storage.disks.find((disk) => disk.name === name)?.uuid ?? open?.uuid;
  return uuid === undefined ? undefined : { uuid, name, mac: macOf(uuid) };
}

function refuseForeign({ node, domains }: NodeProbe, name: string): void {
  const foreign = domains.find((domain) => domain.name === name);
  if (foreign === undefined) return;
  throw new WaifuError("refused", `${name} on node ${node.name} was not made by waifuctl: it is left alone`, {
    node: node.name,
    instance: name,
    hint: `To remove it by hand, on ${node.name}: virsh undefine ${foreign.uuid}`,
  });
}
