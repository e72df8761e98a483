import { Duplex } from "node:stream";
import type { RemoteProcess, TerminalSize } from "./runner.ts";

/** Starts a program of this machine on a pseudo-terminal of its own. */
export function startOnTerminal(argv: string[], { columns, rows }: TerminalSize): RemoteProcess {
  const stream = new Duplex({
    read: () => {},
    write: (chunk: Buffer, _encoding, done) => {
      child.terminal?.write(chunk);
      done();
    },
    destroy: (error, done) => {
      child.terminal?.close();
      done(error);
    },
  });
  const child = Bun.spawn(argv, {
    // Options, not a ready-made Bun.Terminal: only then is it the program's controlling terminal (Bun 1.4.5).
    terminal: {
      cols: columns,
      rows,
      name: process.env.TERM ?? "xterm-256color",
      data: (_terminal, bytes) => void stream.push(Buffer.from(bytes)),
      exit: () => void stream.push(null),
    },
  });
  return {
    stream,
    exited: child.exited,
    resize: (size) => child.terminal?.resize(size.columns, size.rows),
    close: () => void stream.destroy(),
  };
}
