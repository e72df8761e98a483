import { expect, test } from "bun:test";
import type { InstanceSpec } from "../../src/instance-spec.ts";
import { type BootState, lookAtBoot, toldHostKeys } from "../../src/instances/boot.ts";
import type { Instance } from "../../src/instances/locate.ts";
import { type Awakening, waitForGuest } from "../../src/instances/wait.ts";
import { createRecordingReporter } from "../recording-reporter.ts";
import { nodeConfig, scriptedCluster } from "../scripted-cluster.ts";
import { type Rule, ScriptedRunner } from "../scripted-runner.ts";
import { spec } from "../spec.ts";

const lease = ` vnet0      ${spec.mac}    ipv4         192.168.122.2/24\n`;
const asked = "metaDataAt\n2026-01-02T03:04:05.000Z\n";
const home = `${asked}phoneHomeAt\n2026-01-02T03:04:25.000Z\nhostKeys\n["ssh-ed25519 BBBB root@web"]\n`;

/** A guest as its node sees it; `agent` answers for cloud-init, as the one of 22.4.2 does. */
function guest(seen: { lease?: string; boot?: string; agent?: object; change?: Partial<InstanceSpec> }) {
  const base64 = Buffer.from(JSON.stringify(seen.agent ?? {})).toString("base64");
  const agent: Rule[] =
    seen.agent === undefined
      ? [[/qemu-agent-command/, { exitCode: 1, stderr: "error: Guest agent is not responding" }]]
      : [
          [
            /qemu-agent-command .*"guest-exec-status"/,
            `{"return":{"exitcode":1,"out-data":"${base64}","exited":true}}`,
          ],
          [/qemu-agent-command .*"guest-exec"/, '{"return":{"pid":812}}'],
        ];
  const node = new ScriptedRunner("n1", [
    [/domifaddr .* --source lease$/, seen.lease ?? ""],
    [/domifaddr .* --source (agent|arp)$/, ""],
    [/^redis-cli .* HGETALL waifu:boot:/, seen.boot ?? ""],
    ...agent,
  ]);
  const instance: Instance = {
    node: nodeConfig("n1"),
    spec: { ...spec, seed: "http", ...seen.change },
    state: "running",
    cpus: 1,
    memoryBytes: 1,
  };
  const cluster = scriptedCluster([node]);
  return { cluster, instance: { ...instance, node: cluster.config.nodes[0] ?? instance.node }, node };
}

test.each<[string, Parameters<typeof guest>[0], BootState, BootState]>([
  ["nothing yet", {}, "defined", "defined"],
  ["its lease", { lease }, "defined", "booting"],
  ["no lease any more, once it had one", {}, "booting", "booting"],
  ["its meta-data read", { lease, boot: asked }, "booting", "configuring"],
  ["a call home", { boot: home }, "configuring", "running"],
  ["another guest's lease", { lease: lease.replace(spec.mac, "52:54:00:00:00:01") }, "defined", "defined"],
  ["a lease on a disk's guest", { lease, boot: home, change: { seed: undefined } }, "defined", "booting"],
  ["a lease where nothing is reserved", { lease, change: { address: undefined } }, "defined", "booting"],
])("%s", async (_, seen, before, expected) => {
  const { cluster, instance } = guest(seen);
  expect((await lookAtBoot(cluster, instance, before)).state).toBe(expected);
});

test("a lease is enough for who waits for no more", async () => {
  const { cluster, instance } = guest({ lease });
  const reporter = createRecordingReporter();
  const reached = await waitForGuest(cluster, instance, "lease", 60_000, { reporter });
  expect(reached).toEqual({ address: "192.168.122.2", state: "booting" });
  expect(reporter.lines.at(-1)).toBe("done wait until cosy-otter has its address: booting, at 192.168.122.2");
});

test("a guest that phoned home is ready", async () => {
  const { cluster, instance } = guest({ boot: home });
  const reporter = createRecordingReporter();
  const reached = await waitForGuest(cluster, instance, "ready", 60_000, { reporter });
  expect(reached).toEqual({ address: "192.168.122.2", state: "running" });
});

test("one whose cloud-init failed is degraded, and the module is named", async () => {
  const failed = { status: "error", errors: ["('scripts_user', RuntimeError('Runparts: 1 failures'))"] };
  const { cluster, instance } = guest({ boot: home, agent: failed });
  const reporter = createRecordingReporter();
  const reached = await waitForGuest(cluster, instance, "ready", 60_000, { reporter });
  expect(reached.state).toBe("degraded");
  expect(reporter.lines).toContain("warn cloud-init failed in cosy-otter: scripts_user");
});

test.each<[number, Awakening["state"]]>([
  [100, "degraded"],
  [60, "running"],
])("its cloud-init is at work for two minutes, of %d s that there are: %s", async (seconds, state) => {
  const failed = { errors: ["('scripts_user', RuntimeError('Runparts: 1 failures'))"] };
  const { cluster, instance, node } = guest({ boot: home, agent: failed });
  let clock = 0;
  const ended = node.rules.find(([pattern]) => pattern.source.includes("status"))?.[1];
  const answer = () => {
    clock += 40_000;
    return clock < 120_000 ? '{"return":{"exited":false}}' : String(ended);
  };
  node.rules = [[/"guest-exec-status"/, answer], ...node.rules];
  const timed = { ...cluster, now: () => new Date(clock) };
  const watch = { reporter: createRecordingReporter() };
  const reached = await waitForGuest(timed, instance, "ready", seconds * 1000, watch);
  expect(reached.state).toBe(state);
});

test("the host keys that a guest told are known, of one with a disk none", async () => {
  const { cluster, instance } = guest({ boot: home });
  expect(await toldHostKeys(cluster, instance)).toEqual(["ssh-ed25519 BBBB root@web"]);
  const disk = guest({ change: { seed: undefined } });
  expect(await toldHostKeys(disk.cluster, disk.instance)).toEqual([]);
});
