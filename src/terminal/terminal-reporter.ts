import type { Reporter, Step } from "../reporter.ts";
import { ansi } from "./ansi.ts";
import { formatDuration } from "./duration.ts";
import { printableLine, printableText } from "./printable.ts";
import type { Terminal } from "./terminal.ts";

const FRAMES = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const FRAME_MS = 100;

/** `close` ends the live display, whatever a failure left under way. */
export type ClosableReporter = Reporter & { close(): void };

type Running = { label: string; text: string; startedMs: number };

/** Progress on stderr: a live line where that is a terminal, else a plain line when a step begins and when it ends. */
export function createReporter(terminal: Terminal, now: () => number = Date.now): ClosableReporter {
  const { stderr } = terminal;
  const { dim, green, red, yellow } = ansi(stderr);
  const running: Running[] = [];
  let timer: Timer | undefined;
  let frame = 0;

  const draw = () => {
    const step = running.at(-1);
    if (step === undefined) return terminal.setStatus(undefined);
    const others = running.length > 1 ? ` (and ${running.length - 1} more)` : "";
    const elapsed = formatDuration(now() - step.startedMs);
    const text = step.text === "" ? "" : ` ${step.text}`;
    terminal.setStatus(`${FRAMES[frame++ % FRAMES.length]} ${step.label}${text} ${elapsed}${others}`);
  };

  /** Stops the clock when nothing is under way. */
  const rest = () => {
    if (timer === undefined) return;
    draw();
    if (running.length > 0) return;
    clearInterval(timer);
    timer = undefined;
  };

  const begin = (step: Running) => {
    running.push(step);
    if (!stderr.isTTY) return stderr.write(`${step.label}…\n`);
    timer ??= setInterval(draw, FRAME_MS);
    draw();
  };

  const end = (step: Running, mark: string, note: string | undefined) => {
    const index = running.indexOf(step);
    if (index < 0) return;
    running.splice(index, 1);
    rest();
    const elapsed = now() - step.startedMs;
    const took = elapsed >= 1000 ? ` ${dim(formatDuration(elapsed))}` : "";
    stderr.write(`${mark} ${step.label}${note ? `: ${printableLine(note)}` : ""}${took}\n`);
  };

  return {
    step(label): Step {
      const step = { label: printableLine(label), text: "", startedMs: now() };
      begin(step);
      return {
        update(text) {
          step.text = printableLine(text);
        },
        done: (note) => end(step, green("✓"), note),
        failed: (note) => end(step, red("✗"), note),
      };
    },
    note: (text) => stderr.write(`${printableText(text)}\n`),
    warn: (text) => stderr.write(`${yellow("warning:")} ${printableText(text)}\n`),
    close() {
      running.length = 0;
      rest();
    },
  };
}

/** For `--json` without a terminal: stderr stays one JSON record a line, and steps are left untold. */
export function createJsonReporter({ stderr }: Terminal): ClosableReporter {
  const nothing = () => {};
  return {
    step: () => ({ update: nothing, done: nothing, failed: nothing }),
    note: (text) => stderr.write(`${JSON.stringify({ note: text })}\n`),
    warn: (text) => stderr.write(`${JSON.stringify({ warning: text })}\n`),
    close: nothing,
  };
}
