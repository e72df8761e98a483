import type { Command } from "../command.ts";
import { WaifuError } from "../errors.ts";
import { isActive } from "../libvirt/domain-list.ts";
import { renewReservation } from "../libvirt/network.ts";
import { destroyDomain, rebootDomain, resetDomain, shutdownDomain, startDomain } from "../libvirt/virsh.ts";
import type { Cluster } from "../nodes/cluster.ts";
import { withNodeLock } from "../nodes/lock.ts";
import type { Plan, Step } from "../nodes/plan.ts";
import { probeDomains } from "../nodes/probe.ts";
import { runPlan, type Watch } from "../nodes/run-plan.ts";
import { storageOf } from "../storage/storage-of.ts";
import { type Instance, locateInstance } from "./locate.ts";

export type PowerVerb = "start" | "stop" | "reboot" | "reinit";

export type PowerChange = { readonly instance: Instance; readonly verb: PowerVerb; readonly plan: Plan };

/** Decides what it takes to start, stop, reboot or reinit; an empty plan when it is so already. Changes nothing. */
export async function decidePower(
  cluster: Cluster,
  verb: PowerVerb,
  name: string,
  options: { readonly isForced: boolean },
  signal?: AbortSignal,
): Promise<PowerChange> {
  const instance = await locateInstance(cluster, name, signal);
  return { instance, verb, plan: planPower(verb, instance, options.isForced) };
}

/** Carries it out under the node's lock. A guest that was asked to stop does so in its own time: see waitUntilOff. */
export async function changePower(cluster: Cluster, change: PowerChange, watch: Watch): Promise<void> {
  if (change.plan.stages.length === 0) return;
  await withNodeLock(cluster, change.instance.node, watch, (watch) => runPlan(cluster, change.plan, watch));
}

/** Waits until the domain is off; throws `not-ready` when the guest did not obey in time. */
export async function waitUntilOff(
  cluster: Cluster,
  { node, spec }: Instance,
  timeoutMs: number,
  watch: Watch,
): Promise<void> {
  const step = watch.reporter.step(`wait until ${spec.name} is off`);
  const deadline = cluster.now().getTime() + timeoutMs;
  while (cluster.now().getTime() < deadline) {
    const domains = await probeDomains(cluster, node, watch.signal);
    const domain = domains.find((candidate) => candidate.uuid === spec.uuid);
    if (domain === undefined || !isActive(domain.state)) {
      step.done();
      return;
    }
    await Bun.sleep(500);
    watch.signal?.throwIfAborted();
  }
  step.failed();
  throw new WaifuError(
    "not-ready",
    `${spec.name} on node ${node.name} did not stop within ${timeoutMs / 1000} s of being asked`,
    {
      node: node.name,
      instance: spec.name,
      hint: `Its guest may ignore the power button: waifuctl stop ${spec.name} --force pulls the plug.`,
    },
  );
}

function planPower(verb: PowerVerb, instance: Instance, isForced: boolean): Plan {
  const { node, spec, state } = instance;
  const [uri, uuid] = [node.libvirtUri, spec.uuid];
  const isOn = isActive(state);
  const start = [...renewal(instance), step("start", startDomain(uri, uuid))];
  const steps = {
    start: isOn ? [] : start,
    stop: isOn
      ? [
          isForced
            ? step("pull the plug", destroyDomain(uri, uuid))
            : step("ask it to stop", shutdownDomain(uri, uuid)),
        ]
      : [],
    reboot: isOn
      ? [isForced ? step("reset", resetDomain(uri, uuid)) : step("ask it to reboot", rebootDomain(uri, uuid))]
      : start,
    reinit: [
      ...(isOn ? [step("switch off", destroyDomain(uri, uuid))] : []),
      {
        title: "back to the fresh disk",
        commands: storageOf(node.storage).resetDisk(spec, spec.template.digest, spec.diskBytes),
      },
      ...start,
    ],
  };
  return { verb, instance: spec.name, uuid, node, stages: steps[verb].map((one) => [one]) };
}

/** Its reserved address, in case a live update of the network made dnsmasq forget it. */
function renewal({ node, spec }: Instance): Step[] {
  if (node.network.kind !== "network" || spec.address === undefined) return [];
  const reservation = { mac: spec.mac, address: spec.address, name: spec.name };
  return [step(`address ${spec.address}`, renewReservation(node.libvirtUri, node.network.name, reservation))];
}

function step(title: string, command: Command): Step {
  return { title, commands: [command] };
}
