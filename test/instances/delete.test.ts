import { expect, test } from "bun:test";
import { WaifuError } from "../../src/errors.ts";
import { decideDelete, deleteInstance, deleteTraces } from "../../src/instances/delete.ts";
import { consoleLogPaths } from "../../src/libvirt/domain-xml.ts";
import { nodeNamed } from "../../src/nodes/cluster.ts";
import { createRecordingReporter } from "../recording-reporter.ts";
import { probeRules, scriptedCluster } from "../scripted-cluster.ts";
import { type Rule, ScriptedRunner } from "../scripted-runner.ts";
import { spec } from "../spec.ts";

const removals: Rule[] = [
  [/ undefine /, ""],
  [/ destroy /, ""],
  [/delete ip-dhcp-host/, ""],
  [/^rm -f/, ""],
];
const reservation = { mac: spec.mac, address: "192.168.122.2" };

test("a running instance is switched off and every trace of it removed", async () => {
  const contents = { domains: [{ spec, state: 1 }], disks: [spec], reservations: [reservation] };
  const n1 = new ScriptedRunner("n1", [...removals, ...probeRules(() => contents)]);
  const cluster = scriptedCluster([n1]);
  const decided = await decideDelete(cluster, spec.name);
  await deleteInstance(cluster, decided, { reporter: createRecordingReporter() });
  const titles = decided.plan.stages.map((steps) => steps.map((step) => step.title));
  expect(titles).toEqual([
    ["switch off"],
    ["undefine", "release 192.168.122.2"],
    ["delete the disk", "delete seed and console log"],
  ]);
  expect(n1.ran.filter((line) => removals.some(([pattern]) => pattern.test(line)))).toHaveLength(5);
  expect(cluster.state.instances.all()).toEqual([]);
});

test.each([
  ["served over HTTP", [{ spec: { ...spec, seed: "http" as const }, state: 5 }], true],
  ["on a disk", [{ spec, state: 5 }], false],
  ["of a guest that lost its domain", [], true],
])("a seed %s: is the metadata service told?", async (_, domains, isTold) => {
  const n1 = new ScriptedRunner(
    "n1",
    probeRules(() => ({ hasMetadataService: true, domains, disks: [spec] })),
  );
  const { plan } = await decideDelete(scriptedCluster([n1]), spec.name);
  const told = plan.stages[0]?.flatMap(({ commands }) => commands.map(({ argv }) => argv[0]));
  expect(told?.includes("redis-cli")).toBe(isTold);
});

test("a disk that lost its domain is found by its label", async () => {
  const n1 = new ScriptedRunner("n1", [...removals, ...probeRules(() => ({ disks: [spec] }))]);
  const decided = await decideDelete(scriptedCluster([n1]), spec.name);
  expect(decided.traces).toEqual({ uuid: spec.uuid, name: spec.name, mac: "52:54:00:8d:9e:0f" });
});

test("what an interrupted create left is found by the journal, and the journal is settled", async () => {
  const n1 = new ScriptedRunner("n1", [...removals, ...probeRules(() => ({ reservations: [reservation] }))]);
  const cluster = scriptedCluster([n1]);
  cluster.state.journal.begin({
    id: "1",
    verb: "create",
    instance: spec.name,
    uuid: spec.uuid,
    node: "n1",
    stages: ["disk"],
  });
  const decided = await decideDelete(cluster, spec.name);
  await deleteInstance(cluster, decided, { reporter: createRecordingReporter() });
  expect(n1.ran.some((line) => line.includes("delete ip-dhcp-host"))).toBe(true);
  expect(cluster.state.journal.open()).toEqual([]);
});

test("one that failed half-way was confirmed, and stays open until reconcile has finished it", async () => {
  const contents = { domains: [{ spec, state: 1 }], disks: [spec] };
  const isDead: Rule = [/ undefine /, { exitCode: 1, stderr: "error: failed to connect to the hypervisor" }];
  const n1 = new ScriptedRunner("n1", [isDead, ...removals, ...probeRules(() => contents)]);
  const cluster = scriptedCluster([n1]);
  const decided = await decideDelete(cluster, spec.name);
  const deleting = deleteInstance(cluster, decided, { reporter: createRecordingReporter() });
  await expect(deleting).rejects.toMatchObject({ code: "remote-failed" });
  expect(cluster.state.journal.open()).toMatchObject([{ verb: "delete", uuid: spec.uuid, stage: 2 }]);
});

test("the console log of a later instance of that name stays", async () => {
  const later = { ...spec, uuid: spec.uuid.replace("6f", "7f") };
  const contents = { domains: [{ spec: later, state: 1 }], disks: [spec] };
  const n1 = new ScriptedRunner("n1", [...removals, ...probeRules(() => contents)]);
  const { uuid, name, mac } = spec;
  const cluster = scriptedCluster([n1]);
  const node = nodeNamed(cluster, "n1");
  await deleteTraces(cluster, node, { uuid, name, mac }, { reporter: createRecordingReporter() });
  const removed = n1.ran.filter((line) => line.startsWith("rm -f")).join(" ");
  expect(removed).toContain(uuid);
  for (const path of consoleLogPaths(name)) expect(removed).not.toContain(path);
});

test("a template's unfinished operation is no trace of an instance of that name", async () => {
  const cluster = scriptedCluster([
    new ScriptedRunner(
      "n1",
      probeRules(() => ({})),
    ),
  ]);
  const uuid = "a".repeat(64);
  cluster.state.journal.begin({ id: "1", verb: "prepare", instance: "tiny", uuid, node: "n1", stages: [] });
  expect(decideDelete(cluster, "tiny")).rejects.toMatchObject({ code: "not-found" });
});

test("an instance that was moved by somebody else is found where it is now", async () => {
  const n1 = new ScriptedRunner(
    "n1",
    probeRules(() => ({})),
  );
  const n2 = new ScriptedRunner("n2", [
    ...removals,
    ...probeRules(() => ({ domains: [{ spec, state: 5 }] })),
  ]);
  const cluster = scriptedCluster([n1, n2]);
  cluster.state.instances.remember({ spec, node: "n1", state: "running", seenAt: "2026-01-01T00:00:00Z" });
  expect((await decideDelete(cluster, spec.name)).node.name).toBe("n2");
});

test.each<[string, Parameters<typeof probeRules>[0], string, object]>([
  [
    "foreign",
    () => ({ foreign: ["web"] }),
    "web",
    { code: "refused", message: "web on node n1 was not made by waifuctl: it is left alone" },
  ],
  [
    "mistyped",
    () => ({ domains: [{ spec, state: 1 }] }),
    "cosy-oter",
    { code: "not-found", hint: "Did you mean cosy-otter?" },
  ],
  ["unknown", () => ({}), "web", { code: "not-found", hint: "See waifuctl list." }],
])("a %s name is refused and nothing is touched", async (_, contents, name, expected) => {
  const cluster = scriptedCluster([new ScriptedRunner("n1", probeRules(contents))]);
  expect(decideDelete(cluster, name)).rejects.toMatchObject(expected);
});

test("with a node down it can't be said that the instance is nowhere", async () => {
  const down = new WaifuError("unreachable", "node n2 does not answer", { node: "n2" });
  const cluster = scriptedCluster([
    new ScriptedRunner(
      "n1",
      probeRules(() => ({})),
    ),
    down,
  ]);
  expect(decideDelete(cluster, "web")).rejects.toMatchObject({ code: "unreachable", node: "n2" });
});
