import type { InstanceSpec } from "../instance-spec.ts";
import { defineDomain } from "../libvirt/define.ts";
import { renderDomain } from "../libvirt/domain-xml.ts";
import { pickAddress } from "../libvirt/network.ts";
import { startDomain } from "../libvirt/virsh.ts";
import type { Plan, Step } from "../nodes/plan.ts";
import type { NodeProbe } from "../nodes/probe.ts";
import { seedPath, writeFile } from "../storage/node-files.ts";
import { storageOf } from "../storage/storage-of.ts";
import { checkDiskSize } from "./disk-size.ts";
import type { Draft } from "./draft.ts";

export type PlannedInstance = { readonly spec: InstanceSpec; readonly plan: Plan };

/**
 * The way of a create on the node that was chosen, as values: disk, seed, and domain with its address at once, then start. The template
 * has to be there. Throws `refused` when it does not fit on the disk.
 */
export function planCreate(draft: Draft, probe: NodeProbe): PlannedInstance {
  const { node, network } = probe;
  const { seed, template, ...rest } = draft;
  const address = network === undefined ? undefined : pickAddress(network);
  const spec: InstanceSpec = {
    ...rest,
    template: { name: template.name, digest: template.digest },
    firmware: template.firmware === "uefi" ? "uefi" : undefined,
    address,
  };
  const storage = storageOf(node.storage);
  const disk = { name: spec.name, uuid: spec.uuid };
  const xml = renderDomain(
    spec,
    { hasKvm: probe.facts.hasKvm, network: node.network },
    storage.diskSource(disk),
    seedPath(spec.uuid),
  );
  const uri = node.libvirtUri;
  checkDiskSize(template, spec.diskBytes);
  const lodging =
    network && address ? { network: network.name, reservation: { ...spec, address } } : undefined;
  const stages: Step[][] = [
    [
      { title: "disk", commands: storage.createDisk(disk, template.digest, spec.diskBytes) },
      { title: "seed", commands: [writeFile(seedPath(spec.uuid), seed)] },
      { title: "define", commands: [defineDomain(uri, spec.uuid, xml, lodging)] },
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
