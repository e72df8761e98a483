import { WaifuError } from "../errors.ts";
import type { InstanceSpec } from "../instance-spec.ts";
import { isActive } from "../libvirt/domain-list.ts";
import { writeMetadata } from "../libvirt/metadata.ts";
import { defaultUser } from "../metadata/cloud-config.ts";
import { addGeneration, type SeedHistory } from "../metadata/seed-history.ts";
import type { UserDataFacts } from "../metadata/user-data.ts";
import type { Cluster } from "../nodes/cluster.ts";
import { withNodeLock } from "../nodes/lock.ts";
import type { Plan } from "../nodes/plan.ts";
import { runPlan, type Watch } from "../nodes/run-plan.ts";
import type { Instance } from "./locate.ts";
import { changePower, decidePower, waitUntilOff } from "./power.ts";
import { locateSeed, type SeededInstance } from "./seed.ts";
import { writeSeed } from "./seed-plan.ts";

export type NewUserData = { readonly text: string; readonly facts: UserDataFacts };

/**
 * Stores user-data as the next generation of a seed, under the node's lock. The guest itself is left alone. Throws `refused` when somebody
 * else stored one since `seen` was read.
 */
export async function storeUserData(
  cluster: Cluster,
  seen: SeededInstance,
  userData: NewUserData,
  watch: Watch,
): Promise<Instance> {
  const { node, spec } = seen.instance;
  return await withNodeLock(cluster, node, watch, async (watch) => {
    const { instance, history } = await locateSeed(cluster, spec.name, watch.signal);
    refuseOvertaken(seen, history);
    const next = addGeneration(history, {
      userData: userData.text,
      createdAt: cluster.now().toISOString(),
      createdBy: cluster.operator,
    });
    const edited = { ...instance, spec: specWith(instance.spec, next, userData.facts) };
    await runPlan(cluster, planEdit(edited, next), watch);
    const { state } = instance;
    cluster.state.instances.remember({
      spec: edited.spec,
      node: node.name,
      state,
      seenAt: cluster.now().toISOString(),
    });
    return edited;
  });
}

/**
 * Restarts the guest so that cloud-init sees its new seed. One that reads it from a disk is stopped and started: across a reboot QEMU keeps
 * the old file open.
 */
export async function applySeed(
  cluster: Cluster,
  instance: Instance,
  timeoutMs: number,
  watch: Watch,
): Promise<void> {
  const { name } = instance.spec;
  const next = seedIsReadAt(instance);
  const change = async (verb: "reboot" | "stop" | "start") =>
    await changePower(
      cluster,
      await decidePower(cluster, verb, name, { isForced: false, isPassing: true }, watch.signal),
      watch,
    );
  if (next !== "stop and start") return await change(next);
  await change("stop");
  await waitUntilOff(cluster, instance, timeoutMs, watch);
  await change("start");
}

/** What must happen to the guest before it reads its new seed. */
export function seedIsReadAt({ state, spec }: Instance): "start" | "reboot" | "stop and start" {
  if (!isActive(state)) return "start";
  return spec.seed === "http" ? "reboot" : "stop and start";
}

/** Gives the guest what the node keeps of its seed, as far as an edit that was cut off had not: the history is the newer. */
export async function planEditAgain(instance: Instance, history: SeedHistory): Promise<Plan> {
  const { checkUserData } = await import("../metadata/user-data.ts");
  const facts = checkUserData(history.current.userData, "user-data");
  return planEdit({ ...instance, spec: specWith(instance.spec, history, facts) }, history);
}

/** The history first: whatever comes between, the next edit goes on from it. */
function planEdit({ node, spec, state }: Instance, history: SeedHistory): Plan {
  const generation = `generation ${spec.generation}`;
  const record = writeMetadata(node.libvirtUri, spec, isActive(state));
  const stages = [
    [{ title: `seed, ${generation}`, commands: writeSeed(spec, history) }],
    [{ title: `note ${generation}`, commands: [record] }],
  ];
  return { verb: "edit", instance: spec.name, uuid: spec.uuid, node, stages };
}

/** The spec as it goes with the current generation of a seed. */
export function specWith(
  spec: InstanceSpec,
  { current, hostKey }: SeedHistory,
  facts: UserDataFacts,
): InstanceSpec {
  return {
    ...spec,
    generation: current.generation,
    user: facts.loginUser ?? defaultUser,
    hostKey: facts.hostKey === "its-own" ? undefined : hostKey?.public,
  };
}

function refuseOvertaken({ instance, history }: SeededInstance, { current }: SeedHistory): void {
  if (current.generation === history.current.generation) return;
  const { name } = instance.spec;
  throw new WaifuError(
    "refused",
    `${current.createdBy} has stored generation ${current.generation} of the seed of ${name} meanwhile`,
    { node: instance.node.name, instance: name, hint: `See it: waifuctl show ${name} --user-data` },
  );
}
