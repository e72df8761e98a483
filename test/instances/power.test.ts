import { expect, test } from "bun:test";
import { decidePower, type PowerVerb } from "../../src/instances/power.ts";
import { probeRules, scriptedCluster } from "../scripted-cluster.ts";
import { ScriptedRunner } from "../scripted-runner.ts";
import { spec } from "../spec.ts";

const [on, off] = [1, 5];

test.each<[PowerVerb, number, boolean, string[]]>([
  ["start", off, false, ["address 192.168.122.2", "start"]],
  ["start", on, false, []],
  ["stop", on, false, ["ask it to stop"]],
  ["stop", on, true, ["pull the plug"]],
  ["stop", off, true, []],
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
