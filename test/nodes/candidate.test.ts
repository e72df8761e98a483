import { expect, test } from "bun:test";
import { toCandidate } from "../../src/nodes/candidate.ts";
import type { NodeProbe } from "../../src/nodes/probe.ts";
import { nodeConfig } from "../scripted-cluster.ts";
import { spec } from "../spec.ts";

const GiB = 1024 ** 3;
const domain = { uuid: spec.uuid, name: spec.name, cpus: 2, memoryBytes: 2 * GiB, hasAutostart: true };

const probe: NodeProbe = {
  node: { ...nodeConfig("n1"), memoryOvercommit: 1.5 },
  sequences: [0],
  facts: {
    architecture: "x86_64",
    kernel: "6",
    cpus: 4,
    memoryTotalBytes: 16 * GiB,
    memoryAvailableBytes: 8 * GiB,
    hasKvm: true,
    hasMetadataService: true,
    hasGuestFilter: false,
  },
  domains: [
    { ...domain, state: "stopped", spec },
    { ...domain, uuid: "b", name: "foreign-on", state: "running" },
    { ...domain, uuid: "c", name: "foreign-off", state: "stopped" },
  ],
  storage: {
    totalBytes: 100 * GiB,
    freeBytes: 60 * GiB,
    disks: [
      { name: spec.name, uuid: spec.uuid, allocatedBytes: GiB },
      { name: "zvol", uuid: "z", allocatedBytes: GiB, virtualBytes: 5 * GiB },
    ],
    templates: [{ digest: "d", name: "tiny", virtualBytes: 1 }],
    unfinished: [],
  },
};

test("ours count even when off, others only while they run; disks count by what they may still grow", () => {
  expect(toCandidate(probe, "d")).toMatchObject({
    memoryBytes: { total: 24 * GiB, promised: 4 * GiB },
    cpus: { total: 16, promised: 4 },
    // 9 of the instance's 10 GiB, and 4 of the zvol's 5.
    diskBytes: { total: 60 * GiB, promised: 13 * GiB },
    hasTemplate: true,
    hasFreeAddress: true,
  });
  expect(toCandidate(probe, "e").hasTemplate).toBe(false);
});
