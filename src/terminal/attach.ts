import { finished } from "node:stream/promises";
import { WaifuError } from "../errors.ts";
import type { Attachable, AttachOptions } from "./terminal.ts";

const CTRL_RIGHT_BRACKET = 0x1d;

/** See `Terminal.attach`. */
export async function attach(program: Attachable, options: AttachOptions): Promise<number> {
  const { stdin, stdout, stderr } = process;
  const { canLeave = false, signal } = options;
  const isRaw = options.isRaw && stdin.isTTY;
  const { promise: left, resolve: leave, reject } = Promise.withResolvers<number>();
  const onKeys = (keys: Buffer) => {
    if (canLeave && keys.includes(CTRL_RIGHT_BRACKET)) leave(0);
    else program.stream.write(keys);
  };
  const onAbort = () => reject(new WaifuError("interrupted", "interrupted"));
  const onResize = () => program.resize({ columns: stdout.columns, rows: stdout.rows });

  signal?.addEventListener("abort", onAbort);
  if (isRaw) {
    stdin.setRawMode(true);
    stdin.on("data", onKeys);
    process.on("SIGWINCH", onResize);
  } else {
    stdin.pipe(program.stream);
  }
  program.stream.pipe(stdout, { end: false });
  program.stderr?.pipe(stderr, { end: false });
  // A broken stream is told by `exited`, with the node's name.
  const said = finished(program.stream, { writable: false }).catch(() => {});
  const ended = program.exited.then((status) => said.then(() => status));
  try {
    return await Promise.race([ended, left]);
  } finally {
    stdin.unpipe(program.stream).off("data", onKeys).pause();
    if (isRaw) stdin.setRawMode(false);
    process.off("SIGWINCH", onResize);
    signal?.removeEventListener("abort", onAbort);
    program.close();
    if (stdout.writableLength > 0) await new Promise((resolve) => stdout.once("drain", resolve));
  }
}
