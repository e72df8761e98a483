import { Duplex } from "node:stream";
import type { RemoteProcess, TerminalSize } from "./runner.ts";

/** Starts a program of this machine on a pseudo-terminal of its own. */
export function startOnTerminal(argv: string[], { columns, rows }: TerminalSize): RemoteProcess {
  const stream = new Duplex({
    read: () => {},
    write: (chunk: Buffer, _encoding, done) => {
      terminal.write(chunk);
      done();
    },
    destroy: (error, done) => {
      terminal.close();
      done(error);
    },
  });
  const terminal = new Bun.Terminal({
    cols: columns,
    rows,
    name: process.env.TERM ?? "xterm-256color",
    data: (_terminal, bytes) => void stream.push(Buffer.from(bytes)),
    exit: () => void stream.push(null),
  });
  const child = Bun.spawn(argv, { terminal });
  return {
    stream,
    exited: child.exited,
    resize: (size) => terminal.resize(size.columns, size.rows),
    close: () => void stream.destroy(),
  };
}
