import { expect, test } from "bun:test";
import { once } from "../../src/command.ts";
import { WaifuError } from "../../src/errors.ts";
import { nodeNamed } from "../../src/nodes/cluster.ts";
import { journalled, runPlan } from "../../src/nodes/run-plan.ts";
import { createRecordingReporter } from "../recording-reporter.ts";
import { scriptedCluster } from "../scripted-cluster.ts";
import { type Rule, ScriptedRunner } from "../scripted-runner.ts";

const lost = new WaifuError("outcome-unknown", "the link broke");

function scene(rules: readonly Rule[], more: { readonly isFinal?: true } = {}) {
  const cluster = scriptedCluster([new ScriptedRunner("n1", rules)]);
  const node = nodeNamed(cluster, "n1");
  const stages = ["first", "second"].map((title) => [{ title, commands: [once([title])] }]);
  const plan = { verb: "resize", instance: "web", uuid: "u", node, stages, ...more };
  return { cluster, plan, watch: { reporter: createRecordingReporter() } };
}

/** What the journal says of the one operation that it has. */
function rowOf({ cluster }: ReturnType<typeof scene>) {
  const [row] = cluster.state.journal.recent({ limit: 10 });
  return { outcome: row?.outcome, stage: row?.stage };
}

const fails: Rule[] = [
  [/first/, ""],
  [/second/, { exitCode: 1, stderr: "no room" }],
];

test("a plan that ran to its end is done", async () => {
  const one = scene([[/first|second/, ""]]);
  await runPlan(one.cluster, one.plan, one.watch);
  expect(rowOf(one)).toEqual({ outcome: "done", stage: 2 });
});

test("one that a command failed is failed", async () => {
  const one = scene(fails);
  await expect(runPlan(one.cluster, one.plan, one.watch)).rejects.toMatchObject({ code: "remote-failed" });
  expect(rowOf(one)).toEqual({ outcome: "failed", stage: 2 });
});

test("one of which nobody knows how far it came stays open", async () => {
  const one = scene([
    [/first/, ""],
    [/second/, lost],
  ]);
  await expect(runPlan(one.cluster, one.plan, one.watch)).rejects.toBe(lost);
  expect(rowOf(one)).toEqual({ outcome: "running", stage: 2 });
});

test("one that ended because its lock was lost stays open too, whatever else was thrown", async () => {
  const one = scene([[/first/, new WaifuError("interrupted", "aborted")]]);
  const watch = { ...one.watch, signal: AbortSignal.abort(lost) };
  await expect(runPlan(one.cluster, one.plan, watch)).rejects.toMatchObject({ code: "interrupted" });
  expect(rowOf(one).outcome).toBe("running");
});

test.each([
  ["has begun", "stays open", 1, "running"],
  ["had not begun", "is failed", 0, "failed"],
] as const)("a final one that %s %s", async (_, __, begun, outcome) => {
  const one = scene([], { isFinal: true });
  const failure = new WaifuError("remote-failed", "libvirt is gone");
  const work = async (onStage: () => void) => {
    if (begun > 0) onStage();
    throw failure;
  };
  await expect(journalled(one.cluster, one.plan, one.watch, work)).rejects.toBe(failure);
  expect(rowOf(one)).toEqual({ outcome, stage: begun });
});

test("one that is undone is so, and one that can't be stays open", async () => {
  const undone = scene(fails);
  await expect(runPlan(undone.cluster, undone.plan, undone.watch, async () => {})).rejects.toMatchObject({
    code: "remote-failed",
  });
  expect(rowOf(undone).outcome).toBe("undone");
  const stuck = scene(fails);
  const undo = () => Promise.reject(lost);
  await expect(runPlan(stuck.cluster, stuck.plan, stuck.watch, undo)).rejects.toMatchObject({
    code: "half-changed",
    message: expect.stringContaining("the link broke"),
    hint: "When n1 answers again: waifuctl reconcile",
  });
  expect(rowOf(stuck).outcome).toBe("running");
});
