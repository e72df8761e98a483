import { describe, expect, test } from "bun:test";
import { type Candidate, type PlacementRequest, place } from "../../src/placement/place.ts";

const GiB = 1024 ** 3;
const request: PlacementRequest = { labels: {}, cpus: 2, memoryBytes: 2 * GiB, diskBytes: 10 * GiB };

function node(name: string, freeGiB: number, change: Partial<Candidate> = {}): Candidate {
  return {
    node: name,
    labels: {},
    architecture: "x86_64",
    cpus: { total: 16, promised: 0 },
    memoryBytes: { total: 32 * GiB, promised: (32 - freeGiB) * GiB },
    diskBytes: { total: 100 * GiB, promised: 0 },
    hasTemplate: false,
    hasFreeAddress: true,
    hasMetadataService: false,
    ...change,
  };
}

describe("chooses", () => {
  test.each<[string, Candidate[], Partial<PlacementRequest>, string | undefined]>([
    ["the most free memory", [node("a", 4), node("b", 8)], {}, "b"],
    ["the name when all else is equal", [node("b", 8), node("a", 8)], {}, "a"],
    [
      "the one with the template on a near tie",
      [node("a", 8, { hasTemplate: true }), node("b", 8.5)],
      {},
      "a",
    ],
    [
      "more memory over the template on a clear lead",
      [node("a", 4, { hasTemplate: true }), node("b", 8)],
      {},
      "b",
    ],
    ["the node that was asked for", [node("a", 4), node("b", 8)], { node: "a" }, "a"],
    [
      "none rather than the one asked for when it can't fit",
      [node("a", 1), node("b", 8)],
      { node: "a" },
      undefined,
    ],
    [
      "by label",
      [node("a", 4, { labels: { disk: "nvme" } }), node("b", 8)],
      { labels: { disk: "nvme" } },
      "a",
    ],
    ["what fits exactly", [node("a", 2)], {}, "a"],
    ["none of none", [], {}, undefined],
  ])("%s", (_, candidates, change, expected) => {
    expect(place(candidates, { ...request, ...change }).chosen).toBe(expected);
  });
});

describe("says why not", () => {
  test.each<[string, Candidate, string]>([
    ["down", node("a", 8, { unavailable: "node a does not answer" }), "node a does not answer"],
    ["memory", node("a", 1), "memory: 2.0 GiB wanted, 1.0 GiB of 32.0 GiB free"],
    [
      "disk",
      node("a", 8, { diskBytes: { total: 50 * GiB, promised: 45 * GiB } }),
      "disk: 10.0 GiB wanted, 5.0 GiB of 50.0 GiB free",
    ],
    [
      "over-promised disk",
      node("a", 8, { diskBytes: { total: 5 * GiB, promised: 9 * GiB } }),
      "disk: 10.0 GiB wanted, 0.0 GiB of 5.0 GiB free",
    ],
    ["CPUs", node("a", 8, { cpus: { total: 4, promised: 3 } }), "CPUs: 2 wanted, 1 of 4 free"],
    ["label", node("a", 8, { labels: { disk: "hdd" } }), "it has no label disk=nvme"],
    ["architecture", node("a", 8, { architecture: "aarch64" }), "it is aarch64; templates are x86_64"],
    ["addresses", node("a", 8, { hasFreeAddress: false }), "its network has no free address left"],
  ])("%s", (what, candidate, reason) => {
    const labels = what === "label" ? { disk: "nvme" } : request.labels;
    expect(place([candidate], { ...request, labels })).toMatchObject({
      chosen: undefined,
      verdicts: [{ fits: false, reasons: [reason] }],
    });
  });
});
