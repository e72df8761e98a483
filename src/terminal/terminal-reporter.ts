import type { Progress, Reporter, Step } from "../reporter.ts";
import { ansi } from "./ansi.ts";
import { formatDuration } from "./duration.ts";
import { printableLine, printableText } from "./printable.ts";
import type { Terminal } from "./terminal.ts";
import { Transfer } from "./transfer.ts";

const FRAMES = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const FRAME_MS = 100;
/** Without a live display, how far a transfer is is told this often. */
const TELL_MS = 10_000;
/** Bars beyond these would scroll off a small window. */
const MOST_BARS = 10;

/** `close` ends the live display, whatever a failure left under way. */
export type ClosableReporter = Reporter & { close(): void };

type Running = { label: string; text: string; transfer?: Transfer; startedMs: number; toldMs: number };

/** Progress on stderr: live where that is a terminal, else a plain line when a step begins and when it ends, and now and then between. */
export function createReporter(terminal: Terminal, now: () => number = Date.now): ClosableReporter {
  const { stderr } = terminal;
  const { dim, green, red, yellow } = ansi(stderr);
  const running: Running[] = [];
  let timer: Timer | undefined;
  let frame = 0;

  /** A bar for each transfer, then one line for all else. */
  const draw = () => {
    const mark = FRAMES[frame % FRAMES.length];
    const transfers = running.filter(({ transfer }) => transfer !== undefined).slice(0, MOST_BARS);
    const bars = transfers.map(({ label, transfer }) =>
      [mark, label, transfer?.bar, transfer?.text].filter(Boolean).join(" "),
    );
    const others = running.filter((step) => !transfers.includes(step));
    const step = others.at(-1);
    if (step === undefined && bars.length === 0) return terminal.setStatus(undefined);
    frame++;
    const more = others.length > 1 ? ` (and ${others.length - 1} more)` : "";
    const last =
      step === undefined
        ? []
        : [
            `${mark} ${[step.label, step.text].filter(Boolean).join(" ")} ${formatDuration(now() - step.startedMs)}${more}`,
          ];
    terminal.setStatus([...bars, ...last].join("\n"));
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

  const advance = (step: Running, progress: Progress) => {
    if (step.transfer === undefined) step.transfer = new Transfer(progress, now());
    else step.transfer.update(progress, now());
    if (stderr.isTTY || now() - step.toldMs < TELL_MS) return;
    step.toldMs = now();
    stderr.write(`${step.label}: ${step.transfer.text}\n`);
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
      const step: Running = { label: printableLine(label), text: "", startedMs: now(), toldMs: now() };
      begin(step);
      return {
        update(progress) {
          if (typeof progress !== "string") return advance(step, progress);
          step.transfer = undefined;
          step.text = printableLine(progress);
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

/** For `--quiet`: only warnings are told. */
export function quieten<R extends Reporter>(reporter: R): R {
  return { ...reporter, step: () => ({ update: nothing, done: nothing, failed: nothing }), note: nothing };
}

const nothing = () => {};

/** For `--json` without a terminal: stderr stays one JSON record a line, and steps are left untold. */
export function createJsonReporter({ stderr }: Terminal): ClosableReporter {
  return {
    step: () => ({ update: nothing, done: nothing, failed: nothing }),
    note: (text) => stderr.write(`${JSON.stringify({ note: text })}\n`),
    warn: (text) => stderr.write(`${JSON.stringify({ warning: text })}\n`),
    close: nothing,
  };
}
