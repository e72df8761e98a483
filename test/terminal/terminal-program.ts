// A process with a real terminal, for process-terminal.test.ts: does what its argument says.
import { Duplex } from "node:stream";
import { toWaifuError } from "../../src/errors.ts";
import { createProcessTerminal } from "../../src/terminal/process-terminal.ts";
import type { Attachable } from "../../src/terminal/terminal.ts";

const terminal = createProcessTerminal(process.env);
const interrupted = new AbortController();
process.on("SIGTERM", () => interrupted.abort());

/** Answers each chunk in capitals, tells of new sizes, ends at `q` or at end of input. */
function shouter(): Attachable {
  const { promise: exited, resolve } = Promise.withResolvers<number>();
  const stream = new Duplex({
    read() {},
    write(chunk, _encoding, done) {
      const text = String(chunk);
      if (text === "\x14") process.kill(process.pid, "SIGTERM");
      this.push(`[${text.replace(/[^ -~]/g, "?").toUpperCase()}]`);
      if (text === "q") this.end();
      done();
    },
    final(done) {
      this.push("bye\n");
      this.push(null);
      resolve(42);
      done();
    },
  });
  stream.push("hello\n");
  return {
    stream,
    exited,
    resize: ({ columns, rows }) => void stream.push(`size ${columns}x${rows}\n`),
    close: () => void stream.destroy(),
  };
}

const acts: Record<string, () => Promise<unknown>> = {
  ask: () => terminal.ask("Name?"),
  edit: () => terminal.edit(process.env.FILE ?? ""),
  confirm: () => terminal.confirm("Delete it?"),
  secret: () => terminal.askSecret("Passphrase:"),
  async input() {
    return terminal.input === undefined ? "somebody" : await new Response(terminal.input).text();
  },
  async twice() {
    return [await terminal.ask("First?"), await terminal.ask("Second?")];
  },
  async status() {
    terminal.setStatus("working on something that is far too long for this window");
    terminal.stderr.write("note\n");
    const answer = await terminal.ask("Sure?");
    terminal.setStatus(undefined);
    return answer;
  },
  async lines() {
    terminal.setStatus("one\ntwo");
    terminal.setStatus("three");
    const answer = await terminal.ask("Sure?");
    terminal.setStatus(undefined);
    return answer;
  },
  async look() {
    const { stdout, stderr } = terminal;
    return {
      stdout: { isTTY: stdout.isTTY, color: stdout.hasColor, columns: stdout.columns },
      color: stderr.hasColor,
      size: terminal.size,
    };
  },
  async big() {
    for (let line = 0; line < 20_000; line++) terminal.stdout.write(`${"x".repeat(1023)}\n`);
    return "";
  },
  async nothing() {
    terminal.stdout.write("");
    return "";
  },
  attach: () =>
    terminal.attach(shouter(), {
      isRaw: terminal.size !== undefined,
      canLeave: true,
      signal: interrupted.signal,
    }),
};

const act = acts[process.argv[2] ?? ""];
try {
  const answer = await act?.();
  if (answer !== "") terminal.stdout.write(`answer ${JSON.stringify(answer)}\n`);
  await terminal.flush();
  process.exit(0);
} catch (thrown) {
  const { code, message } = toWaifuError(thrown);
  terminal.stderr.write(`${code}: ${message}\n`);
  await terminal.flush().catch(() => {});
  process.exit(1);
}
