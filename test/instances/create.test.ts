import { expect, test } from "bun:test";
import { WaifuError } from "../../src/errors.ts";
import type { InstanceSpec } from "../../src/instance-spec.ts";
import { createInstance, decideCreate } from "../../src/instances/create.ts";
import type { Cluster } from "../../src/nodes/cluster.ts";
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
    /\.new".*\.img$/s,
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
    hint: "When n1 answers again: waifuctl reconcile",
  });
  expect(cluster.state.journal.open()).toMatchObject([{ verb: "create", instance: "web", node: "n1" }]);
});

function raise(error: Error): never {
  throw error;
}

const fetching: Rule[] = [
  [/for file in "\$1" "\$1.part"/, "\n\n99999999999\n"],
  [/curl -fsSL/, ""],
  [/od -An/, "51 46 49 fb\n"],
  [/^qemu-img info/, '{"format":"qcow2","virtual-size":33554432}'],
  [/^mkdir -p| mkdir -p \/| qemu-img convert | mv -f |^rm -f| rm -f /, ""],
];

/** A node without the template until its label is written. */
function lackingNode(...rules: Rule[]): ScriptedRunner {
  let hasTemplate = false;
  const label: Rule = [
    /templates\/a{64}\.json$/,
    () => {
      hasTemplate = true;
      return "";
    },
  ];
  return new ScriptedRunner("n1", [
    ...rules,
    label,
    ...fetching,
    ...probeRules(() => ({ hasTemplate })),
    ...changes,
  ]);
}

function knowTiny(cluster: Cluster): void {
  cluster.state.templates.put({
    name: "tiny",
    digest: "a".repeat(64),
    source: "http://mirror/tiny.qcow2",
    addedAt: "2026-01-01T00:00:00Z",
    trust: "given",
  });
}

test("a template that the node lacks is brought there first, without the node's lock", async () => {
  const n1 = lackingNode();
  const cluster = scriptedCluster([n1]);
  knowTiny(cluster);
  const reporter = createRecordingReporter();
  await createInstance(cluster, request, { reporter });
  expect(reporter.lines.filter((line) => line.startsWith("begin")).map((line) => line.slice(6))).toEqual([
    "fetch tiny to n1",
    "make template tiny on n1",
    "disk",
    "seed",
    "define",
    "start",
  ]);
  expect(n1.took).toEqual([
    "/run/lock/waifu.lock",
    `/run/lock/waifu-${"a".repeat(64)}.lock`,
    "/run/lock/waifu.lock",
  ]);
  expect(cluster.state.journal.open()).toEqual([]);
});

test("a template that can't be fetched: nothing of the instance is made, and the error is the fetch's", async () => {
  const n1 = lackingNode([/curl -fsSL/, { exitCode: 66, stderr: "the server answers 404\n" }]);
  const cluster = scriptedCluster([n1]);
  knowTiny(cluster);
  expect(await rejection(createInstance(cluster, request, watch()))).toMatchObject({
    code: "remote-failed",
    message:
      "fetching the image of template tiny from http://mirror/tiny.qcow2 failed on node n1: the server answers 404",
  });
  expect(changesOf(n1).filter((change) => change !== "rm")).toEqual([]);
  expect(cluster.state.journal.open()).toEqual([]);
});

test("what would be done first on a node without the template is a plan of its own", async () => {
  const cluster = scriptedCluster([lackingNode()]);
  knowTiny(cluster);
  const { plan, preparation } = await decideCreate(cluster, request, watch());
  expect([preparation?.verb, plan.verb]).toEqual(["prepare", "create"]);
});

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
  expect(await rejection(decideCreate(scriptedCluster([n1, n2]), request, watch()))).toMatchObject({
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
  expect(await rejection(decideCreate(cluster, request, watch()))).toMatchObject({
    code: "exists",
    node: "n2",
  });
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
  const error = await rejection(decideCreate(cluster, { ...request, memoryBytes: 1024 ** 4 }, watch()));
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
  expect(await rejection(decideCreate(cluster, { ...request, diskBytes: 1024 ** 2 }, watch()))).toMatchObject(
    {
      code: "refused",
    },
  );
});
