import { WaifuError } from "../errors.ts";
import { wantsColor } from "./ansi.ts";
import { type Question, readAnswer } from "./prompt.ts";
import type { Output, Terminal } from "./terminal.ts";

const ERASE_LINE = "\r\x1b[2K";
const ERASE_LINE_ABOVE = "\x1b[1A\x1b[2K";

/** The terminal, pipe or file that this process was started with. */
export function createProcessTerminal(env: Readonly<Record<string, string | undefined>>): Terminal {
  let written = Promise.resolve();
  let failure: Error | undefined;
  let status: string | undefined;
  let shownLines = 0;

  // Bun.write and not process.stdout, whose first use costs 15 ms of start-up.
  const send = (fd: 1 | 2, text: string) => {
    // Of nothing Bun.write makes an empty file: whatever others wrote to the same one would be gone.
    if (text === "") return;
    written = written.then(async () => {
      if (fd === 1 && failure !== undefined) return;
      await Bun.write(fd === 1 ? Bun.stdout : Bun.stderr, text);
    });
    written = written.catch((error: Error) => {
      if (fd === 1) failure = error;
    });
  };

  const hideStatus = () => {
    if (shownLines > 0) send(2, ERASE_LINE + ERASE_LINE_ABOVE.repeat(shownLines - 1));
    shownLines = 0;
  };
  const showStatus = () => {
    if (status === undefined || !stderr.isTTY) return;
    const lines = status.split("\n");
    const cut = lines.map((line) => Bun.sliceAnsi(line, 0, (stderr.columns ?? 80) - 1, "…"));
    send(2, `${ERASE_LINE}${cut.join("\n")}`);
    shownLines = lines.length;
  };

  const output = (fd: 1 | 2): Output => {
    const isTerminal = computeOnce(() => isTTY(fd));
    const hasColor = computeOnce(() => wantsColor(env, isTerminal));
    return {
      write(text) {
        hideStatus();
        send(fd, text);
        showStatus();
      },
      get isTTY() {
        return isTerminal();
      },
      get columns() {
        return isTerminal() ? (fd === 1 ? process.stdout : process.stderr).columns : undefined;
      },
      get hasColor() {
        return hasColor();
      },
    };
  };
  const stdout = output(1);
  const stderr = output(2);

  const ask = async (question: Question): Promise<string> => {
    if (!isTTY(0) || !stderr.isTTY) {
      throw new WaifuError("refused", `nobody can answer without a terminal: ${question.text.trim()}`, {
        hint: question.hint ?? "run it in a terminal",
      });
    }
    hideStatus();
    const shown = status;
    status = undefined;
    await written;
    try {
      return await readAnswer(question);
    } finally {
      status = shown;
      showStatus();
    }
  };

  return {
    stdout,
    stderr,
    setStatus(lines) {
      hideStatus();
      status = lines;
      showStatus();
    },
    ask: (question) => ask({ text: `${question} ` }),
    confirm: async (question) =>
      /^y(es)?$/i.test(await ask({ text: `${question} [y/N] `, hint: "pass --yes to go ahead" })),
    get input() {
      return isTTY(0) ? undefined : Bun.stdin.stream();
    },
    askSecret: (question) => ask({ text: `${question} `, isSecret: true }),
    async edit(path) {
      if (!isTTY(0) || !stderr.isTTY) {
        throw new WaifuError("refused", "no editor can be opened without a terminal", {
          hint: "Give the text with --file FILE.",
        });
      }
      const { runEditor } = await import("./editor.ts");
      hideStatus();
      await written;
      await runEditor(path);
    },
    get size() {
      if (!isTTY(0) || !stdout.isTTY) return undefined;
      return { columns: process.stdout.columns, rows: process.stdout.rows };
    },
    async attach(program, options) {
      const { attach } = await import("./attach.ts");
      hideStatus();
      await written;
      return attach(program, options);
    },
    async flush() {
      await written;
      // A reader that has seen enough, such as `head`, is no failure.
      if (failure === undefined || ("code" in failure && failure.code === "EPIPE")) return;
      throw new WaifuError("refused", `the answer could not be written: ${failure.message}`, {
        cause: failure,
      });
    },
  };
}

function computeOnce<T>(compute: () => T): () => T {
  let known: { value: T } | undefined;
  return () => {
    known ??= { value: compute() };
    return known.value;
  };
}

/** Loads its modules, 5 ms of start-up, only when asked: node:fs tells cheaply what can't be a terminal, node:tty the rest. */
function isTTY(fd: number): boolean {
  const { fstatSync }: typeof import("node:fs") = require("node:fs");
  if (!fstatSync(fd).isCharacterDevice()) return false;
  const { isatty }: typeof import("node:tty") = require("node:tty");
  return isatty(fd);
}
