import { toWaifuError, WaifuError } from "../errors.ts";
import type { InstanceSpec } from "../instance-spec.ts";
import { isActive } from "../libvirt/domain-list.ts";
import { writeMetadata } from "../libvirt/metadata.ts";
import { type MachineSize, resizeDomain } from "../libvirt/resize.ts";
import type { Cluster } from "../nodes/cluster.ts";
import { withNodeLock } from "../nodes/lock.ts";
import type { Plan } from "../nodes/plan.ts";
import { runPlan, type Watch } from "../nodes/run-plan.ts";
import { type Instance, locateInstance } from "./locate.ts";
import { changePower, decidePower, waitUntilOff } from "./power.ts";

/**
 * Gives an instance other CPUs and memory. One that runs is asked to stop, changed and started; nothing is changed where it does not stop in
 * time (`not-ready`), and one that can't be started as it is now gets its former size back.
 */
export async function resizeInstance(
  cluster: Cluster,
  { spec: { name, cpus, memoryBytes }, state }: Instance,
  size: MachineSize,
  timeoutMs: number,
  watch: Watch,
): Promise<void> {
  if (!isActive(state)) return await setSize(cluster, name, size, watch);
  const stop = await decidePower(cluster, "stop", name, { isForced: false, isPassing: true }, watch.signal);
  await changePower(cluster, stop, watch);
  await waitUntilOff(cluster, stop.instance, timeoutMs, watch);
  try {
    await setSize(cluster, name, size, watch);
    await start(cluster, name, watch);
  } catch (error) {
    const { reporter } = watch;
    reporter.note(`Giving ${name} its former size back.`);
    await setSize(cluster, name, { cpus, memoryBytes }, { reporter })
      .then(() => start(cluster, name, { reporter }))
      .catch((second) => {
        throw leftOff(stop.instance, error, second);
      });
    throw error;
  }
}

function leftOff({ node, spec: { name } }: Instance, ...errors: readonly [unknown, unknown]): WaifuError {
  const [first, second] = errors.map((error) => toWaifuError(error).message);
  const message = `${name} on node ${node.name} is off: ${first}; and giving it its former size back failed: ${second}`;
  return new WaifuError("half-changed", message, {
    node: node.name,
    instance: name,
    hint: `When ${node.name} answers again: waifuctl start ${name}`,
    cause: errors[0],
  });
}

async function start(cluster: Cluster, name: string, watch: Watch): Promise<void> {
  await changePower(
    cluster,
    await decidePower(cluster, "start", name, { isForced: false }, watch.signal),
    watch,
  );
}

async function setSize(cluster: Cluster, name: string, size: MachineSize, watch: Watch): Promise<void> {
  const { node } = await locateInstance(cluster, name, watch.signal);
  await withNodeLock(cluster, node, watch, async (watch) => {
    const { spec, ...instance } = await locateInstance(cluster, name, watch.signal);
    const resized: InstanceSpec = { ...spec, ...size };
    await runPlan(cluster, planResize({ ...instance, spec: resized }), watch);
    const seenAt = cluster.now().toISOString();
    cluster.state.instances.remember({ spec: resized, node: node.name, state: instance.state, seenAt });
  });
}

function planResize({ node, spec, state }: Instance): Plan {
  const { libvirtUri: uri } = node;
  const stages = [
    [{ title: "CPUs and memory", commands: resizeDomain(uri, spec.uuid, spec) }],
    [{ title: "note them", commands: [writeMetadata(uri, spec, isActive(state))] }],
  ];
  return { verb: "resize", instance: spec.name, uuid: spec.uuid, node, stages };
}
