import type { InstanceSpec, SeedTransport } from "../instance-spec.ts";
import { defineDomain } from "../libvirt/define.ts";
import { renderDomain } from "../libvirt/domain-xml.ts";
import { pickAddress } from "../libvirt/network.ts";
import { startDomain } from "../libvirt/virsh.ts";
import type { Plan, Step } from "../nodes/plan.ts";
import type { NodeProbe } from "../nodes/probe.ts";
import { storageOf } from "../storage/storage-of.ts";
import { checkDiskSize } from "./disk-size.ts";
import type { Draft } from "./draft.ts";
import { seedSource, writeSeed } from "./seed-plan.ts";

export type PlannedInstance = { readonly spec: InstanceSpec; readonly plan: Plan };

/**
 * The way of a create on the node that was chosen, as values: disk, seed, and domain with its address at once, then start. The template
 * has to be there. Throws `refused` when it does not fit on the disk.
 */
export function planCreate(draft: Draft, probe: NodeProbe): PlannedInstance {
  const { node, network } = probe;
  const { seed, secrets, template, transport = usualTransport(draft, probe), ...rest } = draft;
  const isServed = transport === "http";
  const history = { ...seed, token: isServed ? seed.token : undefined };
  const address = network === undefined ? undefined : pickAddress(network);
  const spec: InstanceSpec = {
    ...rest,
    template: { name: template.name, digest: template.digest },
    firmware: template.firmware === "uefi" ? "uefi" : undefined,
    seed: isServed ? "http" : undefined,
    address,
  };
  const storage = storageOf(node.storage);
  const disk = { name: spec.name, uuid: spec.uuid };
  const xml = renderDomain(
    spec,
    { ...probe.facts, network: node.network },
    storage.diskSource(disk),
    seedSource(history),
  );
  const uri = node.libvirtUri;
  checkDiskSize(template, spec.diskBytes);
  const lodging =
    network && address ? { network: network.name, reservation: { ...spec, address } } : undefined;
  const stages: Step[][] = [
    [
      { title: "disk", commands: storage.createDisk(disk, template.digest, spec.diskBytes) },
      { title: "seed", commands: [...writeSeed(spec, history), ...(isServed ? secrets : [])] },
      {
        title: "define",
        commands: [{ ...defineDomain(uri, spec.uuid, xml, lodging), secrets: [seed.token] }],
      },
    ],
    [{ title: "start", commands: [startDomain(uri, spec.uuid)] }],
  ];
  return {
    spec,
    plan: {
      verb: "create",
      instance: spec.name,
      uuid: spec.uuid,
      node,
      stages,
    },
  };
}

/** A bridge leads to a router of its own, which does not know the node's address for guests. */
function usualTransport({ template }: Draft, { facts, network }: NodeProbe): SeedTransport {
  const canServe = facts.hasMetadataService && network !== undefined;
  return template.seed === "http" && canServe ? "http" : "cidata";
}
