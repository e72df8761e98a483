import { expect, test } from "bun:test";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { renderReport } from "../../src/reconcile/report.ts";
import type { Deps } from "../../src/wire.ts";
import { printTraces } from "../reconcile/sample-traces.ts";
import { type NodeContents, probeRules, scriptedCluster } from "../scripted-cluster.ts";
import { type Rule, ScriptedRunner } from "../scripted-runner.ts";
import { spec } from "../spec.ts";
import { runCli } from "./run-cli.ts";

const well: NodeContents = {
  domains: [{ spec, state: 1, cpus: 2 }],
  disks: [spec],
  reservations: [{ mac: spec.mac, address: "192.168.122.2" }],
};
const lostAutostart: NodeContents = { ...well, domains: [{ spec, state: 1, cpus: 2, autostart: false }] };

function deps(contents: NodeContents, rules: readonly Rule[] = []): () => Promise<Deps> {
  const n1 = new ScriptedRunner("n1", [
    ...rules,
    [/waifu-metadata\.service/, printTraces()],
    ...probeRules(() => contents),
  ]);
  const cluster = scriptedCluster([n1]);
  cluster.state.instances.remember({ spec, node: "n1", state: "running", seenAt: "" });
  cluster.state.templates.put({
    name: "tiny",
    digest: "a".repeat(64),
    source: "/t",
    addedAt: "",
    trust: "given",
  });
  return async () => ({ ...cluster, close: async () => {} });
}

test("says nothing where there is nothing to say", async () => {
  const result = await runCli(["reconcile"], { wire: deps(well) });
  expect(result).toMatchObject({ stdout: "", stderr: "", exitCode: 0 });
});

test("says one line where there is something", async () => {
  const wire = deps({
    ...well,
    domains: [{ spec: { ...spec, power: "off" }, state: 1, cpus: 2, autostart: false }],
  });
  const result = await runCli(["reconcile"], { wire });
  expect(result).toMatchObject({ stdout: "reconcile: 1 finding: 1 left (n1)\n", stderr: "", exitCode: 9 });
});

test("exits with 8 when a repair failed", async () => {
  const wire = deps(lostAutostart, [[/ autostart /, { exitCode: 1, stderr: "error: no" }]]);
  const result = await runCli(["reconcile", "--json"], { wire });
  expect(result.exitCode).toBe(8);
  expect(JSON.parse(result.stdout)).toMatchObject({
    findings: [{ kind: "autostart", node: "n1", instance: spec.name, risk: "safe", outcome: "failed" }],
    reached: ["n1"],
    unreached: [],
  });
});

test("--dry-run tells what would be run", async () => {
  const result = await runCli(["reconcile", "--dry-run"], { wire: deps(lostAutostart) });
  expect(result.exitCode).toBe(9);
  expect(result.stdout).toMatchInlineSnapshot(`
    "left    cosy-otter would not start with n1: it is to run
            virsh -q -c qemu:///system autostart 6f1d2c3b-0a1b-4c2d-8e3f-5a6b7c8d9e0f
    reconcile: 1 finding: 1 left (n1)
    "
  `);
});

test("--report leaves figures, of which the last success outlives a run without", async () => {
  const folder = await mkdtemp(join(tmpdir(), "waifu-report-"));
  const report = join(folder, "waifu.prom");
  await runCli(["reconcile", "--report", report], { wire: deps(well) });
  const first = await readFile(report, "utf8");
  expect(first).toContain('waifu_reconcile_nodes{state="reached"} 1\n');
  const success = /last_success_timestamp_seconds \d+/.exec(first)?.[0] ?? "none";
  const failed = {
    kind: "paused",
    node: "n1",
    message: "",
    reason: "",
    risk: "person",
    outcome: "left",
  } as const;
  const run = { outcomes: [failed], reached: [], unreached: [], endedAt: new Date(), seconds: 1 };
  const second = renderReport(run, first);
  expect(second).toContain(success);
  expect(second).toContain('waifu_reconcile_findings{kind="paused",outcome="left"} 1\n');
  await rm(folder, { recursive: true });
});

test.each([
  [["reconcile", "--timeout", "0"], 2],
  [["reconcile", "--node", "n9"], 4],
  [["cron", "install", "--every", "90m"], 2],
  [["cron", "install"], 4],
])("%o is refused", async (words, status) => {
  expect((await runCli(words, { wire: deps(well) })).exitCode).toBe(status);
});
