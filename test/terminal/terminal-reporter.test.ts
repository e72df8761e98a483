import { expect, test } from "bun:test";
import { createJsonReporter, createReporter } from "../../src/terminal/terminal-reporter.ts";
import { createRecordingTerminal } from "./recording-terminal.ts";

function clock() {
  let nowMs = 0;
  const pass = (milliseconds: number) => {
    nowMs += milliseconds;
  };
  return { now: () => nowMs, pass };
}

test("without a terminal: a plain line when a step begins and when it ends", () => {
  const terminal = createRecordingTerminal();
  const { now, pass } = clock();
  const reporter = createReporter(terminal, now);
  const copy = reporter.step("copying debian-12 to beta");
  copy.update("42 %");
  pass(65_000);
  copy.done("1.2 GiB");
  reporter.step("starting web-1").failed("no such domain\n");
  reporter.note("web-1 is new");
  reporter.warn("gamma is silent");
  reporter.close();
  expect(terminal.written).toEqual({
    stdout: "",
    stderr: [
      "copying debian-12 to beta…",
      "✓ copying debian-12 to beta: 1.2 GiB 1m",
      "starting web-1…",
      "✗ starting web-1: no such domain\\n",
      "web-1 is new",
      "warning: gamma is silent",
      "",
    ].join("\n"),
  });
  expect(terminal.statuses).toEqual([]);
});

test("on a terminal: one live line with the seconds, then what came of it", () => {
  const terminal = createRecordingTerminal({ isTTY: true });
  const { now, pass } = clock();
  const reporter = createReporter(terminal, now);
  const first = reporter.step("first");
  pass(3_000);
  const second = reporter.step("second");
  second.update("42 %");
  second.done();
  first.done();
  expect(terminal.statuses).toEqual(["⠋ first 0s", "⠙ second 0s (and 1 more)", "⠹ first 3s", undefined]);
  expect(terminal.written.stderr).toBe("✓ second\n✓ first 3s\n");
});

test("closing clears what a failure left under way; ending twice tells once", () => {
  const terminal = createRecordingTerminal({ isTTY: true });
  const reporter = createReporter(terminal, () => 0);
  const step = reporter.step("left");
  reporter.close();
  step.done();
  step.done();
  expect(terminal.statuses.at(-1)).toBeUndefined();
  expect(terminal.written.stderr).toBe("");
});

test("for --json without a terminal: records, one a line, and no steps", () => {
  const terminal = createRecordingTerminal();
  const reporter = createJsonReporter(terminal);
  reporter.step("quiet").done();
  reporter.note("a\nb");
  reporter.warn("gamma is silent");
  expect(terminal.written.stderr).toBe('{"note":"a\\nb"}\n{"warning":"gamma is silent"}\n');
});
