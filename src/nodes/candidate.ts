import type { NodeConfig } from "../config/cluster-config.ts";
import type { WaifuError } from "../errors.ts";
import { isActive } from "../libvirt/domain-list.ts";
import { pickAddress } from "../libvirt/network.ts";
import type { Candidate } from "../placement/place.ts";
import type { NodeProbe } from "./probe.ts";

const nothing = { total: 0, promised: 0 };

/**
 * A node as placement sees it. Ours count whether they run or not (they start with the node), others only while they run.
 * Disks are sparse: what they may still grow by is promised.
 */
export function toCandidate(probe: NodeProbe, digest: string | undefined): Candidate {
  const { node, facts, domains, storage, network } = probe;
  const counted = domains.filter((domain) => domain.spec !== undefined || isActive(domain.state));
  const sizes = new Map(domains.map((domain) => [domain.uuid, domain.spec?.diskBytes]));
  const growth = storage.disks.map((disk) =>
    Math.max(0, (disk.virtualBytes ?? sizes.get(disk.uuid) ?? 0) - disk.allocatedBytes),
  );
  return {
    node: node.name,
    labels: node.labels,
    architecture: facts.architecture,
    cpus: {
      total: Math.floor(facts.cpus * node.cpuOvercommit),
      promised: sum(counted.map((domain) => domain.cpus)),
    },
    memoryBytes: {
      total: Math.floor(facts.memoryTotalBytes * node.memoryOvercommit),
      promised: sum(counted.map((domain) => domain.memoryBytes)),
    },
    diskBytes: { total: storage.freeBytes, promised: sum(growth) },
    hasTemplate: storage.templates.some((template) => template.digest === digest),
    hasFreeAddress:
      network === undefined || network.range === undefined || pickAddress(network) !== undefined,
    hasMetadataService: facts.hasMetadataService,
  };
}

/** A node that did not answer, or not well: never chosen, and said why. */
export function unavailableCandidate(node: NodeConfig, error: WaifuError): Candidate {
  return {
    node: node.name,
    unavailable: error.message,
    labels: node.labels,
    architecture: "",
    cpus: nothing,
    memoryBytes: nothing,
    diskBytes: nothing,
    hasTemplate: false,
    hasFreeAddress: false,
    hasMetadataService: false,
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
