import type { Command } from "../command.ts";
import { WaifuError } from "../errors.ts";
import type { InstanceSpec } from "../instance-spec.ts";
import { isActive } from "../libvirt/domain-list.ts";
import { writeMetadata } from "../libvirt/metadata.ts";
import { renewReservation } from "../libvirt/network.ts";
import {
  destroyDomain,
  rebootDomain,
  resetDomain,
  setAutostart,
  shutdownDomain,
  startDomain,
} from "../libvirt/virsh.ts";
import type { Cluster } from "../nodes/cluster.ts";
import { withNodeLock } from "../nodes/lock.ts";
import type { Plan, Step } from "../nodes/plan.ts";
import { probeDomains } from "../nodes/probe.ts";
import { runPlan, type Watch } from "../nodes/run-plan.ts";
import { storageOf } from "../storage/storage-of.ts";
import { type Instance, locateInstance } from "./locate.ts";

export type PowerVerb = "start" | "stop" | "reboot" | "reinit";

export type PowerOptions = {
  readonly isForced: boolean;
  /** A stop that a start follows at once: nobody wants it to stay off. */
  readonly isPassing?: boolean;
};

export type PowerChange = {
  readonly instance: Instance;
  readonly verb: PowerVerb;
  readonly options: PowerOptions;
  readonly plan: Plan;
};

/** Decides what it takes to start, stop, reboot or reinit; an empty plan when it is so already. Changes nothing. */
export async function decidePower(
  cluster: Cluster,
  verb: PowerVerb,
  name: string,
  options: PowerOptions,
  signal?: AbortSignal,
): Promise<PowerChange> {
  const instance = await locateInstance(cluster, name, signal);
  return { instance, verb, options, plan: planPower(verb, instance, options) };
}

/**
 * Carries it out under the node's lock, as the instance stands then: the plan writes all that was wanted of it, and must not undo somebody's
 * edit. A guest that was asked to stop does so in its own time: see waitUntilOff.
 */
export async function changePower(cluster: Cluster, change: PowerChange, watch: Watch): Promise<void> {
  const { instance, verb, options, plan } = change;
  if (plan.stages.length === 0) return;
  await withNodeLock(cluster, instance.node, watch, async (watch) => {
    const domains = await probeDomains(cluster, instance.node, watch.signal);
    const { spec, ...domain } = domains.find(({ uuid }) => uuid === instance.spec.uuid) ?? {};
    if (spec === undefined) throw goneMeanwhile(instance);
    await runPlan(cluster, planPower(verb, { ...instance, ...domain, spec }, options), watch);
  });
  cluster.state.restarts.clear(instance.spec.uuid);
}

function goneMeanwhile({ node, spec: { name } }: Instance): WaifuError {
  return new WaifuError("not-found", `${name} was deleted from node ${node.name} meanwhile`, {
    node: node.name,
    instance: name,
    hint: "See waifuctl list.",
  });
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

/** That it is to stay off, or to run, stands on the node before it does: whatever comes between, that is what was wanted. */
export function planPower(verb: PowerVerb, instance: Instance, { isForced, isPassing }: PowerOptions): Plan {
  const { node, spec, state } = instance;
  const [uri, uuid] = [node.libvirtUri, spec.uuid];
  const isOn = isActive(state);
  const start = [...renewal(instance), step("start", startDomain(uri, uuid))];
  const wantOn = spec.power === undefined ? [] : [wantPower(instance, undefined)];
  const wantOff = spec.power === "off" || isPassing ? [] : [wantPower(instance, "off")];
  const stop = isForced
    ? step("pull the plug", destroyDomain(uri, uuid))
    : step("ask it to stop", shutdownDomain(uri, uuid));
  const reboot = isForced
    ? step("reset", resetDomain(uri, uuid))
    : step("ask it to reboot", rebootDomain(uri, uuid));
  const steps = {
    start: [...wantOn, ...(isOn ? [] : start)],
    stop: [...wantOff, ...(isOn ? [stop] : [])],
    reboot: [...wantOn, ...(isOn ? [reboot] : start)],
    reinit: [
      ...wantOn,
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

function wantPower({ node, spec, state }: Instance, power: InstanceSpec["power"]): Step {
  const [uri, uuid] = [node.libvirtUri, spec.uuid];
  return {
    title: power === "off" ? "note that it is to be off" : "note that it is to run",
    commands: [
      setAutostart(uri, uuid, power === undefined),
      writeMetadata(uri, { ...spec, power }, isActive(state)),
    ],
  };
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
