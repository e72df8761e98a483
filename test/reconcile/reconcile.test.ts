import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command } from "../../src/command.ts";
import { WaifuError } from "../../src/errors.ts";
import type { Cluster } from "../../src/nodes/cluster.ts";
import type { Outcome } from "../../src/reconcile/outcome.ts";
import { type ReconcileOptions, reconcile } from "../../src/reconcile/reconcile.ts";
import { takeRunLock } from "../../src/state/run-lock.ts";
import { createRecordingReporter } from "../recording-reporter.ts";
import { type NodeContents, probeRules, type ScriptedDomain, scriptedCluster } from "../scripted-cluster.ts";
import { type Rule, ScriptedRunner } from "../scripted-runner.ts";
import { spec } from "../spec.ts";
import { printTraces } from "./sample-traces.ts";

const reservations = [{ mac: spec.mac, address: "192.168.122.2" }];
const domain: ScriptedDomain = { spec, state: 1, cpus: 2 };
const crashed: ScriptedDomain = { ...domain, state: 5, reason: 3 };

/** One node with the sample instance, and a memory that knows both. */
function scene(change: Partial<NodeContents> = {}, rules: readonly Rule[] = []) {
  const contents: { now: NodeContents; traces: string } = {
    now: { domains: [domain], disks: [spec], reservations, ...change },
    traces: printTraces(),
  };
  const n1 = new ScriptedRunner("n1", [
    ...rules,
    [/waifu-metadata\.service/, () => contents.traces],
    ...probeRules(() => contents.now),
  ]);
  const cluster = scriptedCluster([n1]);
  const seenAt = cluster.now().toISOString();
  cluster.state.instances.remember({ spec, node: "n1", state: "running", seenAt });
  cluster.state.templates.put({
    name: "tiny",
    digest: "a".repeat(64),
    source: "/t",
    addedAt: seenAt,
    trust: "given",
  });
  return { n1, cluster, contents };
}

async function run(cluster: Cluster, options: Partial<ReconcileOptions> = {}): Promise<string[]> {
  const { nodes } = cluster.config;
  const usual = { nodes, isForced: false, isDryRun: false, timeoutMs: 60_000 };
  const watch = { reporter: createRecordingReporter() };
  const { outcomes } = await reconcile(cluster, { ...usual, ...options }, watch);
  return outcomes.map(words);
}

const words = ({ kind, outcome }: Outcome) => `${kind} ${outcome}`;

/** Counts how often something is sent while no answer is awaited. */
class CountingRunner extends ScriptedRunner {
  roundTrips = 0;
  #awaited = 0;

  override run(command: Command, signal?: AbortSignal) {
    return this.#count(() => super.run(command, signal));
  }

  override runAll(commands: readonly Command[], signal?: AbortSignal) {
    return this.#count(() => super.runAll(commands, signal));
  }

  async #count<T>(work: () => Promise<T>): Promise<T> {
    if (this.#awaited++ === 0) this.roundTrips++;
    try {
      return await work();
    } finally {
      this.#awaited--;
    }
  }
}

test("nodes where all is well are looked at once, in one round trip each, and not locked", async () => {
  const rules: Rule[] = [[/waifu-metadata\.service/, ""], ...probeRules(() => ({}))];
  const runners = ["n1", "n2", "n3"].map((name) => new CountingRunner(name, rules));
  const { cluster } = scene();
  const three = { ...scriptedCluster(runners), state: cluster.state };
  cluster.state.instances.forget(spec.uuid);
  expect(await run(three)).toEqual([]);
  expect(runners.map(({ roundTrips }) => roundTrips)).toEqual([1, 1, 1]);
  expect(runners.flatMap(({ took }) => took)).toEqual([]);
});

test("what is found is mended under the node's lock, journalled and audited", async () => {
  const { n1, cluster, contents } = scene({ domains: [{ ...domain, autostart: false }] }, [
    [
      / autostart /,
      () => {
        contents.now = { ...contents.now, domains: [domain] };
        return "";
      },
    ],
  ]);
  expect(await run(cluster)).toEqual(["autostart done"]);
  expect(n1.took).toHaveLength(1);
  expect(cluster.state.journal.open()).toEqual([]);
  expect(cluster.state.audit.read({})).toMatchObject([
    { verb: "reconcile autostart", instance: spec.name, node: "n1", outcome: "done" },
  ]);
  expect(await run(cluster)).toEqual([]);
});

test("what somebody else mended before the lock was ours is left alone", async () => {
  const { n1, cluster } = scene();
  n1.rules = [
    [/waifu-metadata\.service/, printTraces()],
    ...probeRules(() => ({
      domains: [{ ...domain, autostart: n1.took.length > 0 }],
      disks: [spec],
      reservations,
    })),
  ];
  expect(await run(cluster)).toEqual([]);
  expect(n1.took).toHaveLength(1);
});

describe("a guest that crashed", () => {
  test("is started, and no second time before its pause is over", async () => {
    const { cluster, contents } = scene({ domains: [crashed] }, [
      [/printf '%s\\n' "\$4"/, ""],
      [
        / start /,
        () => {
          contents.now = { ...contents.now, domains: [domain] };
          return "";
        },
      ],
    ]);
    expect(await run(cluster)).toEqual(["power-off done"]);
    expect(cluster.state.restarts.of(spec.uuid)?.count).toBe(1);
    contents.now = { ...contents.now, domains: [crashed] };
    expect(await run(cluster)).toEqual(["power-off left"]);
    expect(cluster.state.restarts.of(spec.uuid)?.count).toBe(1);
  });

  test("and does not start counts too", async () => {
    const { cluster } = scene({ domains: [crashed] }, [
      [/printf '%s\\n' "\$4"/, ""],
      [/ start /, { exitCode: 1, stderr: "error: no room" }],
    ]);
    expect(await run(cluster)).toEqual(["power-off failed"]);
    expect(cluster.state.restarts.of(spec.uuid)?.count).toBe(1);
  });

  test("is forgiven once it has run for a while", async () => {
    const { cluster } = scene();
    cluster.state.restarts.note(spec.uuid, "2026-01-02T02:54:06Z");
    await run(cluster);
    expect(cluster.state.restarts.of(spec.uuid)?.count).toBe(1);
    cluster.state.restarts.clear(spec.uuid);
    cluster.state.restarts.note(spec.uuid, "2026-01-02T02:54:05Z");
    await run(cluster);
    expect(cluster.state.restarts.of(spec.uuid)).toBeUndefined();
  });
});

test("what somebody may have wanted takes --force", async () => {
  const { n1, cluster, contents } = scene(
    { domains: [{ ...crashed, spec: { ...spec, restart: "never" }, cpus: 8 }] },
    [
      [
        / setmem /,
        () => {
          contents.now = { ...contents.now, domains: [{ ...crashed, spec: { ...spec, restart: "never" } }] };
          return "";
        },
      ],
      [/ set(vcpus|maxmem) /, ""],
    ],
  );
  expect(await run(cluster)).toEqual(["domain-changed left"]);
  expect(n1.ran.some((line) => line.includes("setvcpus"))).toBe(false);
  expect(await run(cluster, { isForced: true })).toEqual(["domain-changed done"]);
});

test("a seed is written again as it is kept, and its domain told", async () => {
  const history = {
    uuid: spec.uuid,
    hostname: spec.name,
    sshKeys: [],
    current: { generation: 2, userData: "#cloud-config\n{}\n", createdAt: "", createdBy: "" },
    earlier: [],
  };
  const { n1, cluster, contents } = scene({}, [
    [/^cat .*\.json$/, JSON.stringify(history)],
    [/cat > "\$1\.new"/, ""],
    [
      / metadata .*--set/,
      () => {
        contents.traces = printTraces({ served: 2, kept: 2 });
        contents.now = { ...contents.now, domains: [{ ...domain, spec: { ...spec, generation: 2 } }] };
        return "";
      },
    ],
  ]);
  contents.traces = printTraces({ served: 1, kept: 2 });
  expect(await run(cluster)).toEqual(["seed-older done"]);
  expect(n1.ran.some((line) => line.endsWith(`${spec.uuid}.img`))).toBe(true);
  expect(cluster.state.instances.all()[0]?.spec.generation).toBe(2);
});

test("an empty memory adopts what the nodes know", async () => {
  const { cluster } = scene();
  cluster.state.instances.forget(spec.uuid);
  cluster.state.templates.forget("tiny", "a".repeat(64));
  expect(await run(cluster)).toEqual(["template-unknown done", "adopted done"]);
  expect(cluster.state.instances.all()).toMatchObject([{ spec: { name: spec.name }, node: "n1" }]);
  expect(cluster.state.templates.all()).toMatchObject([{ name: "tiny" }]);
  expect(await run(cluster)).toEqual([]);
});

test("an instance whose metadata is damaged stays remembered, and is put right by force", async () => {
  const { cluster } = scene({ domains: [{ ...domain, isDamaged: true }] });
  for (let time = 0; time < 2; time++) expect(await run(cluster)).toEqual(["metadata-damaged left"]);
  expect(cluster.state.instances.all()).toHaveLength(1);
});

test("--dry-run changes nothing, and shows what would be run", async () => {
  const { n1, cluster } = scene({ domains: [{ ...domain, autostart: false }] });
  const options = { nodes: cluster.config.nodes, isForced: false, isDryRun: true, timeoutMs: 60_000 };
  const { outcomes } = await reconcile(cluster, options, { reporter: createRecordingReporter() });
  expect(outcomes).toMatchObject([{ kind: "autostart", outcome: "left" }]);
  expect(outcomes[0]?.commands).toEqual([`virsh -q -c qemu:///system autostart ${spec.uuid}`]);
  expect(n1.took).toEqual([]);
});

test("a node that does not answer is told, and keeps nobody from the others", async () => {
  const { n1 } = scene({ domains: [{ ...domain, autostart: false }] }, [[/ autostart /, ""]]);
  const cluster = scriptedCluster([n1, new WaifuError("unreachable", "node n2 does not answer")]);
  cluster.state.instances.remember({
    spec: { ...spec, uuid: "u" },
    node: "n2",
    state: "running",
    seenAt: "",
  });
  const outcomes = await run(cluster);
  expect(outcomes).toContain("node-unreachable left");
  expect(outcomes).toContain("autostart done");
  expect(
    cluster.state.instances
      .all()
      .map(({ node }) => node)
      .sort(),
  ).toEqual(["n1", "n2"]);
});

test("a node that keeps silent costs no more than the time there is", async () => {
  const { cluster } = scene();
  const silent = { ...cluster, connect: () => new Promise<never>(() => {}) };
  expect(await run(silent, { timeoutMs: 5 })).toEqual(["node-unreachable left"]);
});

test("a second one of the same state file ends at once", async () => {
  const folder = mkdtempSync(join(tmpdir(), "waifu-reconcile-"));
  const { cluster } = scene();
  const config = { ...cluster.config, statePath: join(folder, "state.db") };
  const first = takeRunLock(config.statePath);
  expect(run({ ...cluster, config })).rejects.toMatchObject({ code: "locked" });
  expect(await run({ ...cluster, config }, { isDryRun: true })).toEqual([]);
  first.release();
  expect(await run({ ...cluster, config })).toEqual([]);
  rmSync(folder, { recursive: true });
});

test("of twins neither is mended, and both are told", async () => {
  const { n1, cluster } = scene();
  const lost = { domains: [{ ...domain, autostart: false }], disks: [spec], reservations };
  const n2 = new ScriptedRunner("n2", [
    [/waifu-metadata\.service/, printTraces()],
    ...probeRules(() => lost),
  ]);
  const two = { ...scriptedCluster([n1, n2]), state: cluster.state };
  expect(await run(two)).toEqual(["uuid-twice left", "autostart left"]);
});

test("what was cut off is ended first, and its node then looked at anew", async () => {
  const { n1, cluster, contents } = scene({ domains: [] }, [
    [/delete ip-dhcp-host/, ""],
    [
      /^rm -f/,
      () => {
        contents.now = {};
        contents.traces = "";
        return "";
      },
    ],
    [/^cat .*\.json$/, { exitCode: 1 }],
  ]);
  cluster.state.instances.forget(spec.uuid);
  const { journal } = cluster.state;
  journal.begin({
    id: "1",
    verb: "create",
    instance: spec.name,
    uuid: spec.uuid,
    node: "n1",
    stages: ["disk"],
  });
  expect(await run(cluster)).toEqual([]);
  const open = () => journal.open().map((operation) => ({ ...operation, pid: 2 ** 22 + 1, birth: "" }));
  const later = { ...cluster, state: { ...cluster.state, journal: { ...journal, open } } };
  expect(await run(later)).toEqual(["operation-interrupted done"]);
  expect(journal.open()).toEqual([]);
  expect(n1.ran.some((line) => line.startsWith("rm -f"))).toBe(true);
  expect(await run(later)).toEqual([]);
});
