import { expect, test } from "bun:test";
import { WaifuError } from "../../src/errors.ts";
import type { SeedHistory } from "../../src/metadata/seed-history.ts";
import { decideRecovery } from "../../src/recovery/decide.ts";
import { recover } from "../../src/recovery/recover.ts";
import { openState } from "../../src/state/state.ts";
import { createRecordingReporter } from "../recording-reporter.ts";
import { type NodeContents, probeRules, scriptedCluster } from "../scripted-cluster.ts";
import { type Rule, ScriptedRunner } from "../scripted-runner.ts";
import { spec } from "../spec.ts";
import { outcomes, recoverCutOff } from "./cut-off.ts";

const [on, off] = [1, 5];
const history: SeedHistory = {
  uuid: spec.uuid,
  hostname: spec.name,
  sshKeys: ["ssh-ed25519 AAAA me"],
  current: {
    generation: 2,
    userData: "#cloud-config\nusers: [{name: ana}]\n",
    createdAt: "2026-01-01T00:00:00.000Z",
    createdBy: "ana@desk",
  },
  earlier: [],
};

const changes: readonly (readonly [pattern: RegExp, told: string])[] = [
  [/^qemu-img create/, "disk"],
  [/cat > "\$1\.new".*\.json$/, "history"],
  [/cat > "\$1\.new".*\.img$/, "seed"],
  [/ip-dhcp-host/, "address"],
  [/ start [0-9a-f-]{36}$/, "start"],
  [/ shutdown /, "shutdown"],
  [/ destroy /, "destroy"],
  [/ reboot /, "reboot"],
  [/ undefine /, "undefine"],
  [/ autostart /, "autostart"],
  [/ metadata .*--set/, "metadata"],
  [/^rm -f/, "rm"],
];

function site(contents: NodeContents, kept: SeedHistory | "none" = history, rules: readonly Rule[] = []) {
  const n1 = new ScriptedRunner("n1", [
    ...rules,
    [/^cat .*\.json$/, kept === "none" ? { exitCode: 1 } : JSON.stringify(kept)],
    ...changes.map(([pattern]): Rule => [pattern, ""]),
    ...probeRules(() => contents),
  ]);
  const cluster = scriptedCluster([n1]);
  const did = () => n1.ran.flatMap((line) => changes.find(([pattern]) => pattern.test(line))?.[1] ?? []);
  return { cluster, did };
}

test("a create whose domain and seed are there is finished: what is missing is made again, then it is started", async () => {
  const { cluster, did } = site({ domains: [{ spec, state: off }] });
  expect(await recoverCutOff(cluster, {})).toMatchObject({ outcome: "done" });
  expect(did()).toEqual(["disk", "history", "seed", "address", "start"]);
  expect(outcomes(cluster)).toEqual(["create: done", "finish create: done"]);
  expect(cluster.state.instances.all()).toMatchObject([{ spec, node: "n1" }]);
});

test("a create whose guest runs lacked nothing but its end", async () => {
  const { cluster, did } = site({ domains: [{ spec, state: on }] });
  expect(await recoverCutOff(cluster, {})).toMatchObject({ outcome: "done" });
  expect(did()).toEqual([]);
  expect(outcomes(cluster)).toEqual(["create: done"]);
});

test("one that was stopped since stays off", async () => {
  const { cluster, did } = site({ domains: [{ spec: { ...spec, power: "off" }, state: off }] });
  expect(await recoverCutOff(cluster, {})).toMatchObject({ outcome: "done" });
  expect(did()).not.toContain("start");
});

test.each<[string, NodeContents, SeedHistory | "none"]>([
  ["without a domain", { disks: [spec] }, history],
  ["without what its seed is made of", { domains: [{ spec, state: off }], disks: [spec] }, "none"],
])("a create %s is undone", async (_, contents, kept) => {
  const { cluster, did } = site(contents, kept);
  expect(await recoverCutOff(cluster, {})).toMatchObject({ outcome: "undone" });
  expect(did()).toContain("rm");
  expect(did()).not.toContain("start");
  expect(outcomes(cluster)).toEqual(["create: undone", "delete: done"]);
});

test("a create that can't be finished is undone", async () => {
  const full: Rule = [/^qemu-img create/, { exitCode: 1, stderr: "no template" }];
  const { cluster, did } = site({ domains: [{ spec, state: off }], disks: [spec] }, history, [full]);
  const { outcome, lines } = await recoverCutOff(cluster, {});
  expect(outcome).toBe("undone");
  expect(did()).not.toContain("start");
  expect(lines).toContainEqual(expect.stringContaining("can't be finished, and is undone: disk failed"));
  expect(outcomes(cluster)).toEqual(["create: undone", "finish create: failed", "delete: done"]);
});

test("a person's wish is followed, or refused with what can be done", async () => {
  const whole = site({ domains: [{ spec, state: on }], disks: [spec] });
  expect(await recoverCutOff(whole.cluster, {}, "undo")).toMatchObject({ outcome: "undone" });
  expect(whole.did()).toEqual(["destroy", "undefine", "rm", "rm"]);
  const half = site({ disks: [spec] });
  await expect(recoverCutOff(half.cluster, {}, "resume")).rejects.toMatchObject({
    code: "refused",
    hint: "Undo it, and create it again: waifuctl ops undo 1",
  });
  expect(outcomes(half.cluster)).toEqual(["create: running"]);
});

test.each(["delete", "undo create"])("%s goes on until nothing is left", async (verb) => {
  const { cluster, did } = site({ domains: [{ spec, state: on }], disks: [spec] });
  expect(await recoverCutOff(cluster, { verb })).toMatchObject({ outcome: "done" });
  expect(did()).toEqual(["destroy", "undefine", "rm", "rm"]);
  expect(outcomes(cluster).at(-1)).toBe("delete: done");
  expect(cluster.state.journal.open()).toEqual([]);
});

test("an edit gives the guest what its node keeps, and notes it", async () => {
  const { cluster, did } = site({ domains: [{ spec, state: on }] });
  expect(await recoverCutOff(cluster, { verb: "edit" })).toMatchObject({ outcome: "done" });
  expect(did()).toEqual(["history", "seed", "metadata"]);
  expect(outcomes(cluster)).toEqual(["edit: done", "edit: done"]);
});

test("an edit without the history stays open, and says what to do", async () => {
  const { cluster } = site({ domains: [{ spec, state: on }] }, "none");
  await expect(recoverCutOff(cluster, { verb: "edit" })).rejects.toMatchObject({ code: "refused" });
  expect(outcomes(cluster)).toEqual(["edit: running"]);
});

const noted = ["note that it is to be off", "ask it to stop"];
test.each<[verb: string, state: number, stages: string[], outcome: string, did: string[]]>([
  ["start", off, [], "done", ["address", "start"]],
  ["start", on, [], "done", []],
  ["stop", on, noted, "done", ["autostart", "metadata", "shutdown"]],
  ["stop", on, [...noted.slice(0, 1), "pull the plug"], "done", ["autostart", "metadata", "destroy"]],
  ["stop", off, ["ask it to stop"], "done", ["address", "start"]],
  ["reboot", on, [], "failed", []],
  ["reboot", off, [], "done", ["address", "start"]],
  ["reinit", on, [], "failed", []],
  ["reinit", off, [], "done", ["disk", "address", "start"]],
])("%s in state %i, cut off among %p: %s", async (verb, state, stages, outcome, steps) => {
  const { cluster, did } = site({ domains: [{ spec, state }] });
  expect(await recoverCutOff(cluster, { verb, stages })).toMatchObject({ outcome });
  expect(did()).toEqual(steps);
  expect(cluster.state.journal.open()).toEqual([]);
});

test("what runs is reinitialised again for who says so", async () => {
  const { cluster, did } = site({ domains: [{ spec, state: on }] });
  expect(await recoverCutOff(cluster, { verb: "reinit" }, "resume")).toMatchObject({ outcome: "done" });
  expect(did()).toEqual(["destroy", "disk", "address", "start"]);
});

test("a stop that a start came after is not repeated", async () => {
  const { cluster, did } = site({ domains: [{ spec, state: on }] });
  const times = ["2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z"].map((time) => new Date(time));
  const { journal } = openState(":memory:", "ana@desk", () => times.shift() ?? new Date());
  const operation = { instance: spec.name, uuid: spec.uuid, node: "n1", stages: noted };
  journal.begin({ ...operation, verb: "stop", id: "1" });
  journal.begin({ ...operation, verb: "start", id: "2" });
  journal.end("2", "done");
  const [stop] = journal.open();
  if (stop === undefined) throw new Error("it has ended");
  const later = { ...cluster, state: { ...cluster.state, journal } };
  const recovery = decideRecovery(stop);
  expect(await recover(later, recovery, { reporter: createRecordingReporter() })).toEqual({
    outcome: "failed",
    said: "start came after it",
  });
  expect(did()).toEqual([]);
});

test.each(["start", "edit"])("%s of what is gone has ended", async (verb) => {
  const { cluster } = site({});
  expect(await recoverCutOff(cluster, { verb })).toMatchObject({
    outcome: "failed",
    said: `${spec.name} is no longer there`,
  });
});

test("one that has ended meanwhile is left alone", async () => {
  const { cluster, did } = site({ domains: [{ spec, state: off }] });
  await recoverCutOff(cluster, { verb: "start" });
  const [first] = cluster.state.journal.recent({ limit: 9 });
  if (first === undefined) throw new Error("nothing was begun");
  const before = did().length;
  await recover(cluster, decideRecovery(first), { reporter: createRecordingReporter() });
  expect(did()).toHaveLength(before);
});

test("one that is given up is left as it is", async () => {
  const { cluster, did } = site({ domains: [{ spec, state: off }] });
  expect(await recoverCutOff(cluster, { verb: "start" }, "undo")).toMatchObject({ outcome: "failed" });
  expect(did()).toEqual([]);
  expect(cluster.state.audit.read({})).toMatchObject([
    { verb: "start", outcome: "failed", detail: "closed as it was by tester@here" },
  ]);
});

test("on a node that is no longer in cluster.toml it waits for a person", async () => {
  const { cluster } = site({});
  await expect(recoverCutOff(cluster, { verb: "start", node: "n9" })).rejects.toMatchObject({
    code: "not-found",
    hint: expect.stringContaining("waifuctl ops undo 1"),
  });
  const [operation] = cluster.state.journal.open();
  if (operation === undefined) throw new Error("it has ended");
  await recover(cluster, decideRecovery(operation, "undo"), { reporter: createRecordingReporter() });
  expect(cluster.state.journal.open()).toEqual([]);
});

test("a node that can't be reached leaves it open", async () => {
  const cluster = scriptedCluster([new WaifuError("unreachable", "node n1 does not answer")]);
  await expect(recoverCutOff(cluster, { verb: "delete" })).rejects.toMatchObject({ code: "unreachable" });
  expect(outcomes(cluster)).toEqual(["delete: running"]);
});
