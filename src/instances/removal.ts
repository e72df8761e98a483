import type { InstanceSpec } from "../instance-spec.ts";
import { isActive } from "../libvirt/domain-list.ts";
import { consoleLogPaths } from "../libvirt/domain-xml.ts";
import { releaseAddress } from "../libvirt/network.ts";
import { destroyDomain, undefineDomain } from "../libvirt/virsh.ts";
import { forgetSeed } from "../metadata/seed-service.ts";
import { seedCopyPath } from "../metadata/service-paths.ts";
import type { Step } from "../nodes/plan.ts";
import type { NodeProbe } from "../nodes/probe.ts";
import { removeFiles, seedHistoryPath, seedPath } from "../storage/node-files.ts";
import { storageOf } from "../storage/storage-of.ts";

export type Traces = Pick<InstanceSpec, "uuid" | "name" | "mac">;

/**
 * Everything of one instance that is on the node, found by its uuid and MAC, whatever made it and however far that came: `delete`, the
 * undoing of a failed `create` and the clearing up after a killed one are all this list. Only under the node's lock.
 */
export function planRemoval(probe: NodeProbe, { uuid, name, mac }: Traces, now: Date): Step[][] {
  const { node, facts, domains, storage, network } = probe;
  const uri = node.libvirtUri;
  const domain = domains.find((candidate) => candidate.uuid === uuid);
  const kind = storageOf(node.storage);
  const reservations = network?.reservations.filter((entry) => entry.mac === mac) ?? [];
  const disks = storage.disks.filter((disk) => disk.uuid === uuid);
  // Without its domain nobody can tell whether it had a disk.
  const isServed = facts.hasMetadataService && (domain?.spec === undefined || domain.spec.seed === "http");
  const seedFiles = [seedPath(uuid), seedHistoryPath(uuid)];
  const isNameTaken = domains.some((other) => other.name === name && other.uuid !== uuid);
  const isOn = domain !== undefined && isActive(domain.state);
  const stages: Step[][] = [
    [
      ...(isOn ? [{ title: "switch off", commands: [destroyDomain(uri, uuid)] }] : []),
      // First: if it fails, the domain is still there to be deleted again.
      ...(isServed ? [{ title: "serve its seed no more", commands: [forgetSeed(uuid, now)] }] : []),
    ],
    // While disk and seed still tell whose it is: with the journal lost too, nobody could know.
    [
      ...(domain === undefined ? [] : [{ title: "undefine", commands: [undefineDomain(uri, uuid)] }]),
      ...(network === undefined ? [] : reservations).map((entry) => ({
        title: `release ${entry.address}`,
        commands: [releaseAddress(uri, network?.name ?? "", entry)],
      })),
    ],
    [
      ...disks.map((disk) => ({ title: "delete the disk", commands: kind.deleteDisk(disk) })),
      {
        title: "delete seed and console log",
        commands: [
          removeFiles(
            ...seedFiles,
            ...seedFiles.map((path) => `${path}.new`),
            ...[seedCopyPath(uuid), `${seedCopyPath(uuid)}.damaged`],
            ...(isNameTaken ? [] : consoleLogPaths(name)),
          ),
        ],
      },
    ],
  ];
  return stages.filter((steps) => steps.length > 0);
}
