import { version } from "../../package.json";
import type { InstanceSpec } from "../../src/instance-spec.ts";
import type { Domain } from "../../src/libvirt/domain-list.ts";
import type { Reservation } from "../../src/libvirt/network.ts";
import type { NodeProbe } from "../../src/nodes/probe.ts";
import type { Found } from "../../src/reconcile/finding.ts";
import { findingsOf } from "../../src/reconcile/findings.ts";
import type { Memories, NodeView, View } from "../../src/reconcile/scene.ts";
import type { Traces } from "../../src/reconcile/traces.ts";
import { nodeConfig } from "../scripted-cluster.ts";
import { spec } from "../spec.ts";

export const now = new Date("2026-01-02T03:04:05Z");
export const ours: Domain & { readonly spec: InstanceSpec } = {
  uuid: spec.uuid,
  name: spec.name,
  state: "running",
  hasAutostart: true,
  cpus: spec.cpus,
  memoryBytes: spec.memoryBytes,
  spec,
};

type Changes = {
  readonly node?: string;
  readonly domains?: readonly Domain[];
  readonly storage?: Partial<NodeProbe["storage"]>;
  readonly reservations?: readonly Reservation[];
  readonly promised?: readonly Reservation[];
  readonly traces?: Partial<Traces>;
};

const GiB = 1024 ** 3;

/** A node with one instance, on which all is well but for the changes. */
export function nodeView({
  node = "n1",
  domains = [ours],
  storage,
  reservations = [{ mac: spec.mac, address: "192.168.122.2" }],
  promised,
  traces,
}: Changes = {}): NodeView {
  return {
    probe: {
      node: nodeConfig(node),
      sequences: [0],
      facts: {
        architecture: "x86_64",
        kernel: "6.1",
        cpus: 4,
        memoryTotalBytes: 16 * GiB,
        memoryAvailableBytes: 8 * GiB,
        hasKvm: true,
        hasMetadataService: false,
        hasGuestFilter: false,
      },
      domains,
      storage: {
        totalBytes: 100 * GiB,
        freeBytes: 60 * GiB,
        disks: domains.map(({ name, uuid }) => ({ name, uuid, allocatedBytes: GiB })),
        templates: [{ digest: spec.template.digest, name: "tiny", virtualBytes: 1 }],
        unfinished: [],
        ...storage,
      },
      network: {
        name: "default",
        isActive: true,
        reservations,
        defined: reservations,
        promised,
        leases: [],
      },
    },
    traces: {
      files: [],
      histories: new Map([[spec.uuid, 1]]),
      seedDisks: new Map([[spec.uuid, 1]]),
      definitions: new Map(),
      busyDigests: new Set(),
      ...traces,
    },
  };
}

export const wellRemembered: Memories = {
  instances: [{ spec, node: "n1", state: "running", seenAt: "2026-01-01T00:00:00.000Z" }],
  templates: [
    {
      name: "tiny",
      digest: spec.template.digest,
      source: "/tiny.img",
      addedAt: "2026-01-01",
      trust: "given",
    },
  ],
  secrets: [],
  operations: [],
  restarts: new Map(),
};

export function view(nodes: readonly NodeView[], memories: Partial<Memories> = {}): View {
  return {
    nodes,
    failures: [],
    configured: nodes.map(({ probe }) => probe.node),
    memories: { ...wellRemembered, ...memories },
    version,
    now,
  };
}

/** Each finding in two words. */
export function found(nodes: readonly NodeView[], memories: Partial<Memories> = {}): string[] {
  return findingsOf(view(nodes, memories)).map(words);
}

export function words({ kind, risk, repair }: Found): string {
  return `${kind} ${risk}${repair === undefined ? "" : ` ${repair.by}`}`;
}
