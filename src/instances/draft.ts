import type { NodeConfig } from "../config/cluster-config.ts";
import { WaifuError } from "../errors.ts";
import type { InstanceSpec } from "../instance-spec.ts";
import { renderDomain } from "../libvirt/domain-xml.ts";
import { pickAddress, reserveAddress } from "../libvirt/network.ts";
import { defineDomain, setAutostart, startDomain } from "../libvirt/virsh.ts";
import type { Plan, Step } from "../nodes/plan.ts";
import type { NodeProbe } from "../nodes/probe.ts";
import { seedPath, writeFile } from "../storage/node-files.ts";
import { storageOf } from "../storage/storage-of.ts";
import { checkDiskSize, installTemplateStep } from "../templates/install.ts";
import type { ResolvedTemplate } from "../templates/resolve.ts";

/** An instance before it has a node: all that does not hang on where it will run. */
export type Draft = Omit<InstanceSpec, "address" | "template"> & {
  readonly template: ResolvedTemplate;
  readonly seed: Uint8Array;
};

export type PlannedInstance = { readonly spec: InstanceSpec; readonly plan: Plan };

/**
 * The way of a create on the node that was chosen, as values: template, then disk, seed, address and domain at once, then start.
 * Throws `refused` when the template does not fit on the disk.
 */
export function planCreate(draft: Draft, probe: NodeProbe): PlannedInstance {
  const { node, network } = probe;
  const { seed, template, ...rest } = draft;
  const address = network === undefined ? undefined : pickAddress(network);
  const spec: InstanceSpec = { ...rest, template: { name: template.name, digest: template.digest }, address };
  const storage = storageOf(node.storage);
  const disk = { name: spec.name, uuid: spec.uuid };
  const xml = renderDomain(
    spec,
    { hasKvm: probe.facts.hasKvm, network: node.network },
    storage.diskSource(disk),
    seedPath(spec.uuid),
  );
  const uri = node.libvirtUri;
  const present = probe.storage.templates.find((candidate) => candidate.digest === template.digest);
  if (present !== undefined) checkDiskSize(template.name, present.virtualBytes, spec.diskBytes);
  const reservation: Step[] =
    network !== undefined && address !== undefined
      ? [{ title: `address ${address}`, commands: [reserveAddress(uri, network.name, { ...spec, address })] }]
      : [];
  const stages: Step[][] = [
    present === undefined ? [installTemplateStep(storage, template, spec.diskBytes)] : [],
    [
      { title: "disk", commands: storage.createDisk(disk, template.digest, spec.diskBytes) },
      { title: "seed", commands: [writeFile(seedPath(spec.uuid), seed)] },
      ...reservation,
      { title: "define", commands: [defineDomain(uri, xml)] },
    ],
    [
      { title: "start", commands: [startDomain(uri, spec.uuid)] },
      { title: "autostart", commands: [setAutostart(uri, spec.uuid)] },
    ],
  ];
  return {
    spec,
    plan: {
      verb: "create",
      instance: spec.name,
      uuid: spec.uuid,
      digest: present === undefined ? template.digest : undefined,
      node,
      stages: stages.filter((steps) => steps.length > 0),
    },
  };
}

/** 52:54:00 is QEMU's own prefix; the rest comes from the uuid, so that the address can be found from it. */
export function macOf(uuid: string): string {
  const tail = uuid.replaceAll("-", "").slice(-6);
  return `52:54:00:${tail.slice(0, 2)}:${tail.slice(2, 4)}:${tail.slice(4, 6)}`;
}

/** Throws `exists` when the name is taken anywhere in the cluster, by ours, by a foreign domain, or by a disk that was left behind. */
export function checkNameIsFree(name: string, probes: readonly NodeProbe[]): void {
  for (const { node, domains, storage } of probes) {
    if (domains.some((domain) => domain.name === name || domain.spec?.name === name))
      refuse(name, node, "the name is taken");
    if (storage.disks.some((disk) => disk.name === name))
      refuse(name, node, "a disk of that name was left behind");
  }
}

function refuse(name: string, node: NodeConfig, why: string): never {
  throw new WaifuError("exists", `can't create ${name}: ${why} on node ${node.name}`, {
    node: node.name,
    instance: name,
    hint: `Choose another name, or see waifuctl show ${name}; waifuctl delete ${name} removes it.`,
  });
}
