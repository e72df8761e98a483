import { expect, test } from "bun:test";
import { hostname } from "node:os";
import { concernsInstance, mendingCommand, warnOfInterrupted } from "../../src/nodes/interrupted.ts";
import type { OpenOperation } from "../../src/state/journal.ts";
import { createRecordingReporter } from "../recording-reporter.ts";

/** Above every process id there can be (proc(5), pid_max). */
const NOBODY = 2 ** 22 + 1;

const cutOff: OpenOperation = {
  id: "123456789",
  verb: "create",
  instance: "web",
  uuid: "6f1d2c3b",
  node: "n1",
  stages: ["disk + seed", "start"],
  stage: 2,
  host: hostname(),
  pid: NOBODY,
  birth: "",
  operator: "ana@desk",
  startedAt: "2026-01-01T00:00:00.000Z",
};

function warnings(...open: OpenOperation[]): string[] {
  const reporter = createRecordingReporter();
  warnOfInterrupted({ open: () => open }, reporter);
  return reporter.lines;
}

test("what was cut off is told with its place, once for each thing", () => {
  expect(warnings(cutOff, { ...cutOff, stage: 1 })).toEqual([
    'warn create web on n1, begun at 2026-01-01T00:00:00.000Z by ana@desk, was cut off at "disk + seed". Finish or undo it: waifuctl reconcile (only this one: waifuctl ops resume 12345678, or undo)',
  ]);
});

test("what may still be under way is not", () => {
  expect(warnings({ ...cutOff, pid: process.pid }, { ...cutOff, host: "elsewhere" })).toEqual([]);
});

test.each([
  ["create", "waifuctl delete web --yes"],
  ["undo create", "waifuctl delete web --yes"],
  ["delete", "waifuctl delete web --yes"],
  ["reinit", "waifuctl show web"],
  ["prepare", "waifuctl template add web --node n1"],
  ["template repair", "waifuctl template add web --node n1 --repair"],
  ["template delete", "waifuctl template delete web"],
  ["template create", "waifuctl template prune --node n1"],
  ["node setup", "waifuctl node setup n1"],
])("after %s: %s", (verb, command) => {
  expect(mendingCommand({ ...cutOff, verb })).toBe(command);
});

test.each([
  ["undo create", true],
  ["reconcile autostart", true],
  ["undo prepare", false],
  ["finish template delete", false],
  ["node setup", false],
])("%s is about an instance: %p", (verb, isIt) => {
  expect(concernsInstance({ verb })).toBe(isIt);
});
