import type { InstanceSpec } from "../instance-spec.ts";
import { isActive } from "../libvirt/domain-list.ts";
import { consoleLogPath } from "../libvirt/domain-xml.ts";
import { releaseAddress } from "../libvirt/network.ts";
import { destroyDomain, undefineDomain } from "../libvirt/virsh.ts";
import type { Step } from "../nodes/plan.ts";
import type { NodeProbe } from "../nodes/probe.ts";
import { removeDownload, removeFiles, seedPath } from "../storage/node-files.ts";
import { storageOf } from "../storage/storage.ts";

export type Traces = Pick<InstanceSpec, "uuid" | "name" | "mac">;

/**
 * Everything of one instance that is on the node, found by its uuid and MAC, whatever made it and however far that came: `delete`, the
 * undoing of a failed `create` and the clearing up after a killed one are all this list. With `digest`, a template that did not get
 * finished goes too.
 */
export function planRemoval(probe: NodeProbe, { uuid, name, mac }: Traces, digest?: string): Step[] {
  const { node, domains, storage, network } = probe;
  const uri = node.libvirtUri;
  const domain = domains.find((candidate) => candidate.uuid === uuid);
  const reservations = network?.reservations.filter((entry) => entry.mac === mac) ?? [];
  const disks = storage.disks.filter((disk) => disk.uuid === uuid);
  const steps: Step[] = [];
  if (domain !== undefined && isActive(domain.state)) {
    steps.push({ title: "switch off", commands: [destroyDomain(uri, uuid)] });
  }
  if (domain !== undefined) steps.push({ title: "undefine", commands: [undefineDomain(uri, uuid)] });
  if (network !== undefined && reservations.length > 0) {
    steps.push({
      title: "release the address",
      commands: reservations.map((entry) => releaseAddress(uri, network.name, entry)),
    });
  }
  if (disks.length > 0) {
    steps.push({
      title: "delete the disk",
      commands: disks.flatMap((disk) => storageOf(node.storage).deleteDisk(disk)),
    });
  }
  steps.push({
    title: "delete seed and console log",
    commands: [removeFiles(seedPath(uuid), `${seedPath(uuid)}.new`, consoleLogPath(name))],
  });
  if (digest !== undefined && !storage.templates.some((template) => template.digest === digest)) {
    steps.push({
      title: "delete the unfinished template",
      commands: [removeDownload(digest), ...storageOf(node.storage).discardTemplate(digest)],
    });
  }
  return steps;
}
