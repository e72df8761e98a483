import { expect, test } from "bun:test";
import { changePower, decidePower, type PowerVerb } from "../../src/instances/power.ts";
import { createRecordingReporter } from "../recording-reporter.ts";
import { probeRules, scriptedCluster } from "../scripted-cluster.ts";
import { ScriptedRunner } from "../scripted-runner.ts";
import { spec } from "../spec.ts";

const [on, off] = [1, 5];

test.each<[PowerVerb, number, boolean, string[]]>([
  ["start", off, false, ["address 192.168.122.2", "start"]],
  ["start", on, false, []],
  ["stop", on, false, ["note that it is to be off", "ask it to stop"]],
  ["stop", on, true, ["note that it is to be off", "pull the plug"]],
  ["stop", off, true, ["note that it is to be off"]],
  ["reboot", on, false, ["ask it to reboot"]],
  ["reboot", on, true, ["reset"]],
  ["reboot", off, false, ["address 192.168.122.2", "start"]],
  ["reinit", on, false, ["switch off", "back to the fresh disk", "address 192.168.122.2", "start"]],
  ["reinit", off, false, ["back to the fresh disk", "address 192.168.122.2", "start"]],
])("%s in state %i, forced %p", async (verb, state, isForced, steps) => {
  const n1 = new ScriptedRunner(
    "n1",
    probeRules(() => ({ domains: [{ spec, state }] })),
  );
  const { plan } = await decidePower(scriptedCluster([n1]), verb, spec.name, { isForced });
  expect(plan.stages.flat().map((step) => step.title)).toEqual(steps);
});

test.each<[PowerVerb, number, string[]]>([
  ["start", off, ["note that it is to run", "address 192.168.122.2", "start"]],
  ["start", on, ["note that it is to run"]],
  ["stop", off, []],
  ["stop", on, ["ask it to stop"]],
  ["reboot", on, ["note that it is to run", "ask it to reboot"]],
])("%s of one that is to be off, in state %i", async (verb, state, steps) => {
  const n1 = new ScriptedRunner(
    "n1",
    probeRules(() => ({ domains: [{ spec: { ...spec, power: "off" }, state }] })),
  );
  const { plan } = await decidePower(scriptedCluster([n1]), verb, spec.name, { isForced: false });
  expect(plan.stages.flat().map((step) => step.title)).toEqual(steps);
});

test("what somebody edited meanwhile is not written over", async () => {
  let generation = 1;
  const n1 = new ScriptedRunner("n1", [
    [/ autostart /, ""],
    [/ metadata .*--set/, ""],
    ...probeRules(() => ({ domains: [{ spec: { ...spec, generation }, state: off }] })),
  ]);
  const cluster = scriptedCluster([n1]);
  const change = await decidePower(cluster, "stop", spec.name, { isForced: false });
  generation = 2;
  await changePower(cluster, change, { reporter: createRecordingReporter() });
  expect(n1.ran.find((line) => line.includes("--set"))).toContain("&quot;generation&quot;:2");
});
