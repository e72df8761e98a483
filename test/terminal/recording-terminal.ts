import { WaifuError } from "../../src/errors.ts";
import type { Output, Terminal } from "../../src/terminal/terminal.ts";

export type RecordingTerminal = Terminal & {
  readonly written: { stdout: string; stderr: string };
  /** Every status line shown; undefined for each time it was cleared. */
  readonly statuses: (string | undefined)[];
  /** Every question asked, in order. */
  readonly questions: string[];
};

export type TerminalOptions = {
  isTTY?: boolean;
  hasColor?: boolean;
  columns?: number;
  /** What is piped in. */
  input?: string | Uint8Array;
  /** What the person answers, in order; without a TTY nobody does. */
  answers?: readonly string[];
  /** What the person makes of a text in the editor. */
  edit?: (text: string) => string;
};

/** A terminal that keeps what is written to it and answers from a list. A question without an answer fails the test. */
export function createRecordingTerminal(options: TerminalOptions = {}): RecordingTerminal {
  const { isTTY = false, hasColor = false, columns, answers = [], input = "", edit } = options;
  const written = { stdout: "", stderr: "" };
  const statuses: (string | undefined)[] = [];
  const questions: string[] = [];
  const left = [...answers];
  const output = (name: "stdout" | "stderr"): Output => ({
    isTTY,
    hasColor,
    columns,
    write(text) {
      written[name] += text;
    },
  });
  const ask = async (question: string): Promise<string> => {
    questions.push(question);
    if (!isTTY) throw new WaifuError("refused", `nobody can answer without a terminal: ${question}`);
    const answer = left.shift();
    if (answer === undefined) throw new Error(`no answer scripted for ${JSON.stringify(question)}`);
    return answer;
  };
  return {
    stdout: output("stdout"),
    stderr: output("stderr"),
    written,
    statuses,
    questions,
    setStatus: (line) => void statuses.push(line),
    ask,
    askSecret: ask,
    input: isTTY ? undefined : new Blob([input]).stream(),
    confirm: async (question) => (await ask(question)) === "y",
    async edit(path) {
      if (edit === undefined) throw new WaifuError("refused", "no editor can be opened without a terminal");
      await Bun.write(path, edit(await Bun.file(path).text()));
    },
    size: isTTY ? { columns: columns ?? 80, rows: 24 } : undefined,
    async attach(program) {
      for await (const chunk of program.stream) written.stdout += String(chunk);
      return program.exited;
    },
    flush: async () => {},
  };
}
