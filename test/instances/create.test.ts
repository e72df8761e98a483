import { expect, test } from "bun:test";
import { WaifuError } from "../../src/errors.ts";
import type { InstanceSpec } from "../../src/instance-spec.ts";
import { createInstance, decideCreate } from "../../src/instances/create.ts";
import { createRecordingReporter } from "../recording-reporter.ts";
import { type NodeContents, probeRules, scriptedCluster } from "../scripted-cluster.ts";
import { type Rule, ScriptedRunner } from "../scripted-runner.ts";
import { spec } from "../spec.ts";

const request = {
  name: "web",
  template: "tiny",
  labels: {},
  nodeLabels: {},
  sshKeys: ["ssh-ed25519 AAAA tester"],
};

const changes: Rule[] = [
  [/^qemu-img create/, ""],
  [/cat > "\$1\.new"/, ""],
  [/add-last ip-dhcp-host/, ""],
  [/ define --validate /, ""],
  [/ start [0-9a-f-]{36}$/, ""],
];

const removals: Rule[] = [
  [/ undefine /, ""],
  [/ destroy /, ""],
  [/delete ip-dhcp-host/, ""],
  [/^rm -f/, ""],
];

function watch() {
  return { reporter: createRecordingReporter() };
}

async function rejection(promise: Promise<unknown>): Promise<WaifuError> {
  const outcome = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (outcome instanceof WaifuError) return outcome;
  throw new Error(`expected a WaifuError, not ${outcome}`);
}

/** Short names for what changed the node, in order; what runs at once is sorted. */
function changesOf(runner: ScriptedRunner): string[] {
  const verbs = [
    /^qemu-img create/,
    /\.new"/,
    /add-last [\s\S]* define --validate/,
    / start /,
    / destroy /,
    / undefine /,
    /delete ip-dhcp/,
    /^rm -f/,
  ];
  const names = ["disk", "seed", "define", "start", "destroy", "undefine", "release", "rm"];
  return runner.ran.flatMap((line) => {
    const index = verbs.findIndex((verb) => verb.test(line));
    return names[index] === undefined ? [] : [names[index]];
  });
}

test("the steps run in order on the node that was chosen, and are remembered", async () => {
  const n1 = new ScriptedRunner("n1", [...probeRules(() => ({})), ...changes]);
  const n2 = new ScriptedRunner(
    "n2",
    probeRules(() => ({ domains: [{ spec, state: 1 }] })),
  );
  const cluster = scriptedCluster([n1, n2]);
  const created = await createInstance(cluster, request, watch());
  expect(created.node.name).toBe("n1");
  expect(changesOf(n1).slice(0, 3).sort()).toEqual(["define", "disk", "seed"]);
  expect(changesOf(n1).slice(3)).toEqual(["start"]);
  expect(changesOf(n2)).toEqual([]);
  expect(cluster.state.instances.all().map((seen) => [seen.spec.name, seen.node])).toContainEqual([
    "web",
    "n1",
  ]);
  expect(cluster.state.journal.open()).toEqual([]);
});

test("a step that fails undoes what was made, found anew on the node", async () => {
  let made: NodeContents = {};
  const broken: Rule = [
    / start [0-9a-f-]{36}$/,
    { exitCode: 1, stderr: "error: internal error: no memory left" },
  ];
  const n1 = new ScriptedRunner("n1", [broken, ...probeRules(() => made), ...changes, ...removals]);
  const cluster = scriptedCluster([n1]);
  const creating = createInstance(cluster, request, watch(), ({ spec }) => {
    made = {
      domains: [{ spec, state: 5 }],
      disks: [spec],
      reservations: [{ mac: spec.mac, address: spec.address ?? "" }],
    };
  });
  const error = await rejection(creating);
  expect(error).toMatchObject({ code: "remote-failed", node: "n1", instance: "web" });
  expect(error.message).toBe("start failed on node n1: error: internal error: no memory left");
  expect(changesOf(n1).slice(4)).toEqual(["undefine", "release", "rm", "rm"]);
  expect(cluster.state.instances.all()).toEqual([]);
  expect(cluster.state.journal.open()).toEqual([]);
});

test("when undoing fails too, the error says that the node is half-changed and the journal stays open", async () => {
  const lost = new WaifuError("outcome-unknown", "the link to n1 is gone", { node: "n1" });
  let isLost = false;
  const fails: Rule = [/ define --validate /, { exitCode: 1, stderr: "error: no" }];
  const gone: Rule = [/waifu\.lock$/, () => (isLost ? raise(lost) : "0")];
  const n1 = new ScriptedRunner("n1", [gone, fails, ...probeRules(() => ({})), ...changes]);
  const cluster = scriptedCluster([n1]);
  const creating = createInstance(cluster, request, watch(), () => {
    isLost = true;
  });
  const error = await rejection(creating);
  expect(error).toMatchObject({
    code: "half-changed",
    exitStatus: 8,
    hint: "When n1 answers again: waifuctl delete web --yes",
  });
  expect(cluster.state.journal.open()).toMatchObject([{ verb: "create", instance: "web", node: "n1" }]);
});

function raise(error: Error): never {
  throw error;
}

test("somebody who changed the node meanwhile makes it decide anew, under the lock", async () => {
  let now: NodeContents = {};
  const n1 = new ScriptedRunner("n1", [...probeRules(() => now), ...changes]);
  const cluster = scriptedCluster([n1]);
  n1.sequence = 2;
  const created = await createInstance(cluster, request, watch(), ({ spec }) => {
    expect(spec.address).toBe("192.168.122.2");
    now = { reservations: [{ mac: "52:54:00:00:00:01", address: "192.168.122.2" }] };
  });
  expect(created.spec.address).toBe("192.168.122.3");
});

test("a name that somebody took meanwhile is refused under the lock, and nothing is made", async () => {
  let now: NodeContents = {};
  const n1 = new ScriptedRunner("n1", [...probeRules(() => now), ...changes]);
  const cluster = scriptedCluster([n1]);
  n1.sequence = 2;
  const creating = createInstance(cluster, request, watch(), () => {
    now = { foreign: ["web"] };
  });
  expect(await rejection(creating)).toMatchObject({
    code: "exists",
    node: "n1",
  });
  expect(changesOf(n1)).toEqual([]);
});

test("an interruption before the first step makes nothing", async () => {
  const n1 = new ScriptedRunner("n1", [...probeRules(() => ({})), ...changes, ...removals]);
  const cluster = scriptedCluster([n1]);
  const abort = new AbortController();
  const creating = createInstance(cluster, request, { ...watch(), signal: abort.signal }, () =>
    abort.abort(),
  );
  const error = await rejection(creating);
  expect(error.code).toBe("interrupted");
  expect(changesOf(n1)).toEqual([]);
  expect(cluster.state.journal.open()).toEqual([]);
});

test("what can't be decided is told, though the only node's lock was on its way", async () => {
  const n1 = new ScriptedRunner("n1", [...probeRules(() => ({ foreign: ["web"] })), ...changes]);
  const cluster = scriptedCluster([n1]);
  expect(await rejection(createInstance(cluster, request, watch()))).toMatchObject({ code: "exists" });
  expect(changesOf(n1)).toEqual([]);
  expect(cluster.state.journal.open()).toEqual([]);
});

test.each<[string, Partial<NodeContents>, string]>([
  [
    "by an instance",
    { domains: [{ spec: { ...spec, name: "web" }, state: 5 }] },
    "can't create web: the name is taken on node n2",
  ],
  ["by a foreign domain", { foreign: ["web"] }, "can't create web: the name is taken on node n2"],
  [
    "by a left-over disk",
    { disks: [{ name: "web", uuid: spec.uuid }] },
    "can't create web: a disk of that name was left behind on node n2",
  ],
])("a name that is taken on another node is refused: %s", async (_, contents, message) => {
  const n1 = new ScriptedRunner(
    "n1",
    probeRules(() => ({})),
  );
  const n2 = new ScriptedRunner(
    "n2",
    probeRules(() => contents),
  );
  expect(await rejection(decideCreate(scriptedCluster([n1, n2]), request))).toMatchObject({
    code: "exists",
    message,
  });
});

test("a name that was last seen on a node that is down is refused", async () => {
  const down = new WaifuError("unreachable", "node n2 does not answer", { node: "n2" });
  const cluster = scriptedCluster([
    new ScriptedRunner(
      "n1",
      probeRules(() => ({})),
    ),
    down,
  ]);
  const seen: InstanceSpec = { ...spec, name: "web" };
  cluster.state.instances.remember({
    spec: seen,
    node: "n2",
    state: "running",
    seenAt: "2026-01-01T00:00:00Z",
  });
  expect(await rejection(decideCreate(cluster, request))).toMatchObject({ code: "exists", node: "n2" });
});

test("no node fits: each says why", async () => {
  const down = new WaifuError("unreachable", "node n2 does not answer", { node: "n2" });
  const cluster = scriptedCluster([
    new ScriptedRunner(
      "n1",
      probeRules(() => ({})),
    ),
    down,
  ]);
  const error = await rejection(decideCreate(cluster, { ...request, memoryBytes: 1024 ** 4 }));
  expect(error.code).toBe("no-fit");
  expect(error.message).toBe(
    "no node fits web:\n  n1: memory: 1024.0 GiB wanted, 16.0 GiB of 16.0 GiB free\n  n2: node n2 does not answer",
  );
});

test("a disk smaller than the template is refused before anything is made", async () => {
  const cluster = scriptedCluster([
    new ScriptedRunner(
      "n1",
      probeRules(() => ({})),
    ),
  ]);
  expect(await rejection(decideCreate(cluster, { ...request, diskBytes: 1024 ** 2 }))).toMatchObject({
    code: "refused",
  });
});
