import { expect, test } from "bun:test";
import { createJsonReporter, createReporter, quieten } from "../../src/terminal/terminal-reporter.ts";
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

const MiB = 1024 ** 2;

test("on a terminal: a bar for each transfer, with bytes, rate and time left, above the line for all else", () => {
  const terminal = createRecordingTerminal({ isTTY: true });
  const { now, pass } = clock();
  const reporter = createReporter(terminal, now);
  const [first, second] = ["fetch tiny to n1", "fetch tiny to n2"].map((label) => reporter.step(label));
  first?.update({ doneBytes: 100 * MiB, totalBytes: 300 * MiB });
  second?.update({ doneBytes: 0 });
  pass(2_000);
  first?.update({ doneBytes: 120 * MiB, totalBytes: 300 * MiB });
  second?.update({ doneBytes: 3 * MiB });
  reporter.step("look");
  expect(terminal.statuses.at(-1)?.split("\n")).toEqual([
    "⠹ fetch tiny to n1 ████████░░░░░░░░░░░░ 120 MiB of 300 MiB (40 %), 10 MiB/s, 18s left",
    "⠹ fetch tiny to n2 3 MiB, 1.5 MiB/s",
    "⠹ look 0s",
  ]);
  first?.update("unpacking");
  second?.done();
  expect(terminal.statuses.at(-1)).toBe("⠸ look 0s (and 1 more)");
  reporter.close();
});

test("without a terminal: how far a transfer is, every ten seconds", () => {
  const terminal = createRecordingTerminal();
  const { now, pass } = clock();
  const step = createReporter(terminal, now).step("fetch tiny to n1");
  for (let second = 0; second < 25; second++) {
    step.update({ doneBytes: second * MiB, totalBytes: 100 * MiB });
    pass(1_000);
  }
  expect(terminal.written.stderr.split("\n")).toEqual([
    "fetch tiny to n1…",
    "fetch tiny to n1: 10 MiB of 100 MiB (10 %), 1 MiB/s, 1m left",
    "fetch tiny to n1: 20 MiB of 100 MiB (20 %), 1 MiB/s, 1m left",
    "",
  ]);
});

test("quietened: only warnings", () => {
  const terminal = createRecordingTerminal();
  const reporter = quieten(createReporter(terminal));
  const step = reporter.step("fetch");
  step.update({ doneBytes: 1 });
  step.failed("no");
  reporter.note("a note");
  reporter.warn("gamma is silent");
  reporter.close();
  expect(terminal.written.stderr).toBe("warning: gamma is silent\n");
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
