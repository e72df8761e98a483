import { expect, test } from "bun:test";
import { repeatable } from "../../src/command.ts";
import { describePlan, renderPlan } from "../../src/nodes/describe-plan.ts";

const plan = { verb: "cron remove", instance: "", node: { name: "this machine" } };
const stages = [[{ title: "systemd", commands: [repeatable(["rm", "a b"])] }]];

test("the commands can be pasted", () => {
  expect(renderPlan(describePlan({ ...plan, verb: "resize", instance: "web", stages }))).toBe(
    "On this machine, resize web would run:\n\n# systemd\nrm 'a b'\n",
  );
});

test("what concerns no instance has no name of one", () => {
  expect(renderPlan(describePlan({ ...plan, stages: [] }))).toBe(
    "Nothing to do: cron remove on this machine is as asked.\n",
  );
  expect(renderPlan(describePlan({ ...plan, stages }))).toStartWith(
    "On this machine, cron remove would run:",
  );
});
