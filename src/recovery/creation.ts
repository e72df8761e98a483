import { repeatable } from "../command.ts";
import type { NodeConfig } from "../config/cluster-config.ts";
import { WaifuError } from "../errors.ts";
import type { InstanceSpec } from "../instance-spec.ts";
import { deleteTraces } from "../instances/delete.ts";
import { macOf } from "../instances/mac.ts";
import { planPower } from "../instances/power.ts";
import { writeSeed } from "../instances/seed-plan.ts";
import { isActive } from "../libvirt/domain-list.ts";
import { parseHistory, type SeedHistory } from "../metadata/seed-history.ts";
import type { Cluster } from "../nodes/cluster.ts";
import { withNodeLock } from "../nodes/lock.ts";
import type { Step } from "../nodes/plan.ts";
import { probeDomains } from "../nodes/probe.ts";
import { runPlan } from "../nodes/run-plan.ts";
import { secretCommands } from "../secrets/delivery.ts";
import { seedHistoryPath } from "../storage/node-files.ts";
import { storageOf } from "../storage/storage-of.ts";
import { type Cut, done, type Recovered } from "./cut.ts";

/** Every trace of the instance goes: so a delete is finished, and a create undone. */
export async function recoverDelete({ cluster, operation, verb, node, watch }: Cut): Promise<Recovered> {
  const { uuid, instance: name } = operation;
  await deleteTraces(cluster, node, { uuid, name, mac: macOf(uuid) }, watch);
  return verb === "create"
    ? { outcome: "undone", said: "every trace was removed" }
    : done("every trace was removed");
}

/** With its domain and what its seed is made of, nothing is missing to make the rest again; without them, or where that fails, it is undone. */
export async function recoverCreate(cut: Cut): Promise<Recovered> {
  const { operation, way, node, watch } = cut;
  if (way === "undo") return await recoverDelete(cut);
  try {
    if (await finishCreate(cut)) return done("it was all there, or could be made again");
  } catch (error) {
    if (way === "resume" || !(error instanceof WaifuError && error.code === "remote-failed")) throw error;
    watch.reporter.warn(`create ${operation.instance} can't be finished, and is undone: ${error.message}`);
  }
  if (way === "usual") return await recoverDelete(cut);
  const message = `create ${operation.instance} on ${node.name} did not get far enough to be finished`;
  throw new WaifuError("refused", message, {
    node: node.name,
    instance: operation.instance,
    hint: `Undo it, and create it again: waifuctl ops undo ${operation.id}`,
  });
}

/** False, with nothing done, when too little of it is there. */
async function finishCreate({ cluster, operation, node, watch }: Cut): Promise<boolean> {
  return await withNodeLock(cluster, node, watch, async (watch) => {
    const domains = await probeDomains(cluster, node, watch.signal);
    const { spec, ...domain } = domains.find(({ uuid }) => uuid === operation.uuid) ?? {};
    const history = await readHistory(cluster, node, operation.uuid);
    if (spec === undefined || !("uuid" in domain) || history === undefined) return false;
    const rest = isActive(domain.state) ? [] : restOf(cluster, node, spec, history);
    const start = planPower("start", { ...domain, node, spec }, { isForced: false });
    const stages = [...rest, ...(spec.power === "off" ? [] : start.stages)];
    if (stages.length > 0) await runPlan(cluster, { ...start, verb: "finish create", stages }, watch);
    const seenAt = cluster.now().toISOString();
    cluster.state.instances.remember({ spec, node: node.name, state: "running", seenAt });
    return true;
  });
}

/** What comes before the start, each as far as it is missing. */
function restOf(cluster: Cluster, node: NodeConfig, spec: InstanceSpec, history: SeedHistory): Step[][] {
  const { token } = history;
  const secrets = token === undefined ? [] : secretCommands(cluster, spec, token);
  return [
    [
      {
        title: "disk",
        commands: storageOf(node.storage).createDisk(spec, spec.template.digest, spec.diskBytes),
      },
      { title: "seed", commands: [...writeSeed(spec, history), ...secrets] },
    ],
  ];
}

async function readHistory(
  cluster: Cluster,
  node: NodeConfig,
  uuid: string,
): Promise<SeedHistory | undefined> {
  const runner = await cluster.connect(node);
  const { exitCode, stdout } = await runner.run(repeatable(["cat", seedHistoryPath(uuid)]));
  return exitCode === 0 ? parseHistory(stdout) : undefined;
}
