import { describe, expect, test } from "bun:test";
import type { InstanceSpec } from "../../src/instance-spec.ts";
import type { Domain } from "../../src/libvirt/domain-list.ts";
import { findingsOf } from "../../src/reconcile/findings.ts";
import type { NodeView } from "../../src/reconcile/scene.ts";
import type { Traces } from "../../src/reconcile/traces.ts";
import { spec } from "../spec.ts";
import { found, nodeView, ours, view, wellRemembered } from "./sample-view.ts";

const other = "11111111-0000-4000-8000-000000000001";
const gone = "22222222-0000-4000-8000-000000abcdef";
const off: Domain = { ...ours, state: "stopped", offReason: "crashed" };
const wanting = (change: Partial<InstanceSpec>): Domain => ({ ...ours, spec: { ...spec, ...change } });
const remembered = (change: object) => [
  { ...wellRemembered.instances[0], spec, node: "n1", state: "running", seenAt: "", ...change },
];
const old = { isStale: true };
const young = { isStale: false };
const redis = (
  seeds: [string, number | "deleted"][],
  others: string[] = [],
  restored: string[] = [],
): Traces["redis"] => ({
  seeds: new Map(seeds),
  restored: new Set(restored),
  others: new Set(others),
});

test("where all is well nothing is found", () => {
  expect(found([nodeView()])).toEqual([]);
});

describe("domains", () => {
  test.each<[string, NodeView, string[]]>([
    ["renamed by hand", nodeView({ domains: [{ ...ours, name: "other" }] }), ["domain-renamed person"]],
    [
      "with other figures in its definition",
      nodeView({
        traces: {
          definitions: new Map([[spec.uuid, { cpus: 8, memoryBytes: spec.memoryBytes, macs: [spec.mac] }]]),
        },
      }),
      ["domain-changed force steps"],
    ],
    [
      "with the wanted figures in its definition, and others until its next start",
      nodeView({
        domains: [{ ...ours, cpus: 1 }],
        traces: {
          definitions: new Map([[spec.uuid, { cpus: 2, memoryBytes: spec.memoryBytes, macs: [spec.mac] }]]),
        },
      }),
      [],
    ],
    [
      "with another MAC",
      nodeView({
        traces: { definitions: new Map([[spec.uuid, { cpus: 2, memoryBytes: spec.memoryBytes, macs: [] }]]) },
      }),
      ["domain-changed person"],
    ],
    ["that lost its disk and runs on", nodeView({ storage: { disks: [] } }), ["disk-missing person"]],
    [
      "that is off without disk",
      nodeView({ domains: [off], storage: { disks: [] } }),
      ["disk-missing force steps"],
    ],
    [
      "that is off without disk and template",
      nodeView({ domains: [off], storage: { disks: [], templates: [] } }),
      ["disk-missing person"],
    ],
    [
      "that lost its autostart",
      nodeView({ domains: [{ ...ours, hasAutostart: false }] }),
      ["autostart safe steps"],
    ],
    [
      "whose metadata is gone",
      nodeView({ domains: [{ ...ours, spec: undefined }] }),
      ["metadata-damaged force steps"],
    ],
    [
      "that is gone",
      nodeView({ domains: [], storage: { disks: [{ ...spec, allocatedBytes: 1 }] } }),
      ["domain-missing force definition"],
    ],
    [
      "that was never ours",
      nodeView({
        domains: [ours, { ...ours, uuid: other, name: "theirs", spec: undefined }],
        storage: { disks: [{ ...spec, allocatedBytes: 1 }] },
      }),
      [],
    ],
  ])("one %s", (_, node, wanted) => {
    expect(found([node])).toEqual(wanted);
  });

  test("what nobody remembers is a person's to decide", () => {
    const memories = { instances: [] };
    expect(found([nodeView({ domains: [{ ...ours, spec: undefined }] })], memories)).toEqual([
      "metadata-damaged person",
    ]);
    const disk = nodeView({ domains: [], storage: { disks: [{ ...spec, allocatedBytes: 1 }] } });
    expect(found([disk], memories)).toEqual(["domain-missing person"]);
  });
});

describe("power", () => {
  test.each<[Domain, string[]]>([
    [off, ["power-off safe steps"]],
    [{ ...off, offReason: "destroyed" }, ["power-off safe steps"]],
    [{ ...off, offReason: "failed" }, ["power-off safe steps"]],
    [{ ...off, offReason: "unknown" }, ["power-off safe steps"]],
    [{ ...off, offReason: "shutdown" }, []],
    [{ ...off, offReason: "saved" }, []],
    [
      { ...wanting({ restart: "always" }), state: "stopped", offReason: "shutdown" },
      ["power-off safe steps"],
    ],
    [{ ...wanting({ restart: "never" }), state: "stopped", offReason: "crashed" }, []],
    [{ ...wanting({ power: "off" }), state: "stopped", offReason: "crashed", hasAutostart: false }, []],
    [{ ...wanting({ power: "off" }), hasAutostart: false }, ["power-on person"]],
    [{ ...ours, state: "paused" }, ["paused person"]],
  ])("%o", (domain, wanted) => {
    expect(found([nodeView({ domains: [domain] })])).toEqual(wanted);
  });

  test.each<[number, string, string]>([
    [1, "2026-01-02T03:03:05Z", "power-off safe steps"],
    [1, "2026-01-02T03:03:06Z", "power-off safe"],
    [3, "2026-01-02T03:00:05Z", "power-off safe steps"],
    [4, "2026-01-02T03:00:05Z", "power-off safe"],
    [5, "2026-01-01T00:00:00Z", "power-off person"],
  ])("after %i starts, the last at %s", (count, lastAt, wanted) => {
    const restarts = new Map([[spec.uuid, { count, lastAt }]]);
    expect(found([nodeView({ domains: [off] })], { restarts })).toEqual([wanted]);
  });
});

describe("seeds", () => {
  const none = new Map<string, number>();
  const served = [wanting({ seed: "http" })];
  test.each<[string, NodeView, string[]]>([
    ["gone from its disk", nodeView({ traces: { seedDisks: none } }), ["seed-missing safe seed"]],
    [
      "older on its disk",
      nodeView({ traces: { histories: new Map([[spec.uuid, 2]]) } }),
      ["seed-older safe seed"],
    ],
    [
      "newer than what is kept",
      nodeView({ traces: { seedDisks: new Map([[spec.uuid, 2]]) } }),
      ["seed-ahead person"],
    ],
    ["whose history is gone", nodeView({ traces: { histories: none } }), ["seed-damaged person"]],
    [
      "that is gone, and its history with it: it is not started without",
      nodeView({ domains: [off], traces: { histories: none, seedDisks: none } }),
      ["seed-damaged person"],
    ],
    [
      "whose history is damaged",
      nodeView({ traces: { histories: new Map([[spec.uuid, undefined]]) } }),
      ["seed-damaged person"],
    ],
    [
      "gone from Redis",
      nodeView({ domains: served, traces: { redis: redis([]) } }),
      ["seed-missing safe seed"],
    ],
    [
      "buried in Redis",
      nodeView({ domains: served, traces: { redis: redis([[spec.uuid, "deleted"]]) } }),
      ["seed-missing safe seed"],
    ],
    [
      "older in Redis",
      nodeView({
        domains: [wanting({ seed: "http", generation: 2 })],
        traces: { redis: redis([[spec.uuid, 1]]), histories: new Map([[spec.uuid, 2]]) },
      }),
      ["seed-older safe seed"],
    ],
    [
      "that its service put back, and has no secrets",
      nodeView({ domains: served, traces: { redis: redis([[spec.uuid, 1]], [], [spec.uuid]) } }),
      [],
    ],
    ["that is well in Redis", nodeView({ domains: served, traces: { redis: redis([[spec.uuid, 1]]) } }), []],
    [
      "while Redis is down",
      nodeView({ domains: served, traces: { redis: "down" } }),
      ["redis-down safe steps"],
    ],
    [
      "that its domain does not know of yet",
      nodeView({ traces: { histories: new Map([[spec.uuid, 2]]), seedDisks: new Map([[spec.uuid, 2]]) } }),
      ["seed-older safe seed"],
    ],
  ])("one %s", (_, node, wanted) => {
    expect(found([node])).toEqual(wanted);
  });

  test("one that its service put back into an empty Redis lacks its secrets, which are kept here", () => {
    const node = nodeView({ domains: served, traces: { redis: redis([[spec.uuid, 1]], [], [spec.uuid]) } });
    const secrets = [{ scope: `instance ${spec.uuid}`, key: "password", setAt: "2026-01-01" }];
    expect(found([node], { secrets })).toEqual(["seed-missing safe seed"]);
  });
});

describe("addresses", () => {
  const [mac, address] = [spec.mac, "192.168.122.2"];
  test.each<[string, { mac: string; address: string }[], string[]]>([
    ["reserved for nobody", [], ["address-missing safe steps"]],
    ["changed", [{ mac, address: "192.168.122.9" }], ["address-changed safe steps"]],
    [
      "promised twice",
      [
        { mac, address },
        { mac, address: "192.168.122.9" },
      ],
      ["address-twice safe steps"],
    ],
    [
      "reserved for a MAC that no domain has",
      [{ mac: "52:54:00:00:00:01", address }],
      ["address-taken force steps"],
    ],
    [
      "of somebody else",
      [
        { mac, address },
        { mac: "52:54:00:00:00:01", address: "192.168.122.7" },
      ],
      [],
    ],
    [
      "of one that is gone",
      [
        { mac, address },
        { mac: "52:54:00:ab:cd:ef", address: "192.168.122.7" },
      ],
      ["address-orphan safe steps", "forgotten safe memory"],
    ],
  ])("%s", (_, reservations, wanted) => {
    const instances = [
      ...wellRemembered.instances,
      ...remembered({ spec: { ...spec, uuid: gone, name: "gone" } }),
    ];
    const isOfGone = wanted.length === 2;
    expect(found([nodeView({ reservations })], isOfGone ? { instances } : {})).toEqual(wanted);
  });

  test("forgotten by dnsmasq, or kept by nothing else", () => {
    expect(found([nodeView({ promised: [] })])).toEqual(["address-missing safe steps"]);
    const passing = nodeView({ promised: [{ mac, address }] });
    const network = {
      name: "default",
      isActive: true,
      reservations: [{ mac, address }],
      defined: [],
      leases: [],
    };
    expect(found([{ ...passing, probe: { ...passing.probe, network } }])).toEqual([
      "address-missing safe steps",
    ]);
  });

  test("reserved for another domain of the node", () => {
    const rival = {
      ...ours,
      uuid: other,
      name: "rival",
      spec: { ...spec, uuid: other, name: "rival", mac: "52:54:00:00:00:01", address: undefined },
    };
    const node = nodeView({
      domains: [ours, rival],
      reservations: [{ mac: rival.spec.mac, address }],
      traces: {
        histories: new Map([
          [spec.uuid, 1],
          [other, 1],
        ]),
        seedDisks: new Map([
          [spec.uuid, 1],
          [other, 1],
        ]),
      },
    });
    expect(found([node])).toEqual(["address-taken person", "adopted safe memory"]);
  });
});

describe("leftovers", () => {
  const seeds = "/var/lib/waifu/seeds";
  const digest = "b".repeat(64);
  test.each<[string, Partial<Traces>, string[]]>([
    ["a seed", { files: [{ path: `${seeds}/${gone}.img`, ...young }] }, ["orphan safe steps"]],
    [
      "a seed that was being written",
      { files: [{ path: `${seeds}/${gone}.json.new`, ...young }] },
      ["orphan safe steps"],
    ],
    ["a key in Redis", { redis: redis([[gone, 1]]) }, ["orphan safe steps"]],
    ["secrets in Redis", { redis: redis([[gone, "deleted"]], [gone]) }, ["orphan safe steps"]],
    ["a tombstone", { redis: redis([[gone, "deleted"]]) }, []],
    ["a seed of what lives", { files: [{ path: `${seeds}/${spec.uuid}.img`, ...young }] }, []],
    [
      "a console log",
      { files: [{ path: "/var/log/libvirt/qemu/gone.console.log.0", ...young }] },
      ["log-orphan safe steps"],
    ],
    [
      "the console log of what lives",
      { files: [{ path: `/var/log/libvirt/qemu/${spec.name}.console.log`, ...young }] },
      [],
    ],
    [
      "half a download",
      { files: [{ path: `/var/lib/waifu/images/${digest}.part`, ...old }] },
      ["temporary safe steps"],
    ],
    [
      "half a download, of today",
      { files: [{ path: `/var/lib/waifu/images/${digest}.part`, ...young }] },
      [],
    ],
    [
      "half a download that is locked",
      { files: [{ path: `/var/lib/waifu/images/${digest}.part`, ...old }], busyDigests: new Set([digest]) },
      [],
    ],
  ])("%s", (_, traces, wanted) => {
    expect(found([nodeView({ traces })])).toEqual(wanted);
  });

  test("half a template, unless somebody is at work on it", () => {
    const storage = { unfinished: [digest] };
    expect(found([nodeView({ storage })])).toEqual(["template-unfinished safe discard"]);
    expect(found([nodeView({ storage, traces: { busyDigests: new Set([digest]) } })])).toEqual([]);
  });
});

describe("operations", () => {
  const operation = {
    id: "abc",
    verb: "create",
    instance: spec.name,
    uuid: spec.uuid,
    node: "n1",
    stages: ["disk"],
    stage: 1,
    host: "h",
    pid: 1,
    operator: "o",
    birth: "",
    startedAt: "2026-01-01T00:00:00Z",
  };
  // What a create leaves in its middle.
  const half = nodeView({ domains: [], storage: { disks: [{ ...spec, allocatedBytes: 1 }] } });
  test.each<["alive" | "dead" | "elsewhere", string[]]>([
    ["alive", []],
    ["dead", ["operation-interrupted safe recovery"]],
    ["elsewhere", ["operation-elsewhere person"]],
  ])("one whose process is %s keeps all else from its instance", (fate, wanted) => {
    expect(found([half], { operations: [{ ...operation, fate }], instances: [] })).toEqual(wanted);
  });
});

describe("the cluster", () => {
  const elsewhere = nodeView({
    node: "n2",
    domains: [],
    traces: { histories: new Map(), seedDisks: new Map() },
    reservations: [],
  });
  test("an empty memory learns all", () => {
    expect(found([nodeView()], { instances: [], templates: [] })).toEqual([
      "template-unknown safe memory",
      "adopted safe memory",
    ]);
  });

  test("what moved, what is gone, and what was on a node that is", () => {
    expect(found([nodeView(), elsewhere], { instances: remembered({ node: "n2" }) })).toEqual([
      "moved safe memory",
    ]);
    const missing = { ...spec, uuid: gone, name: "missing" };
    const instances = [...wellRemembered.instances, ...remembered({ spec: missing })];
    expect(found([nodeView()], { instances })).toEqual(["forgotten safe memory"]);
    const stranded = [...wellRemembered.instances, ...remembered({ spec: missing, node: "n9" })];
    expect(found([nodeView()], { instances: stranded })).toEqual(["node-gone force memory"]);
  });

  test("twins", () => {
    const twin = (uuid: string) =>
      nodeView({
        node: "n2",
        domains: [{ ...ours, uuid, spec: { ...spec, uuid } }],
        traces: { histories: new Map([[uuid, 1]]), seedDisks: new Map([[uuid, 1]]) },
      });
    expect(found([nodeView(), twin(spec.uuid)])).toEqual(["uuid-twice person"]);
    expect(found([nodeView(), twin(other)])).toEqual(["name-twice person", "adopted safe memory"]);
  });

  test("secrets of nobody, when every node was seen", () => {
    const scopes = [`instance ${gone}`, `instance ${spec.uuid}`, "label a=b"];
    const secrets = scopes.map((scope) => ({ scope, key: "password", setAt: "2026-01-01" }));
    expect(found([nodeView()], { secrets })).toEqual(["secret-orphan safe memory"]);
    const half = {
      ...view([nodeView()], { secrets }),
      configured: [nodeView().probe.node, elsewhere.probe.node],
    };
    expect(findingsOf(half)).toEqual([]);
  });

  test.each<[Traces["service"], string[]]>([
    [{ isUp: false, version: "" }, ["service-down safe steps"]],
    [{ isUp: true, version: "0.0.1" }, ["service-version person"]],
  ])("a metadata service: %o", (service, wanted) => {
    expect(found([nodeView({ traces: { service } })])).toEqual(wanted);
  });
});
