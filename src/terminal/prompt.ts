import { WaifuError } from "../errors.ts";

export type Question = {
  readonly text: string;
  readonly hint?: string;
  readonly isSecret?: boolean;
};

const ENDS = ["SIGHUP", "SIGTERM"] as const;

/** Reads one line from the terminal on stdin; shows the question, and what is typed, on stderr. */
export async function readAnswer({ text, isSecret = false }: Question): Promise<string> {
  const [{ createInterface }, { Writable }] = await Promise.all([
    import("node:readline"),
    import("node:stream"),
  ]);
  const silence = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({
    input: process.stdin,
    output: isSecret ? silence : process.stderr,
    terminal: true,
    historySize: 0,
  });
  if (isSecret) process.stderr.write(text);
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  // readline holds the terminal raw, so Ctrl-C comes here and not as a signal; Ctrl-D is `close`.
  const giveUp = () => reject(new WaifuError("interrupted", "interrupted at a question"));
  lines.on("SIGINT", giveUp).on("close", giveUp);
  // Of a window that was closed Bun tells nothing on stdin: it reads on and on.
  for (const signal of ENDS) process.once(signal, giveUp);
  try {
    lines.question(isSecret ? "" : text, resolve);
    return await promise;
  } finally {
    for (const signal of ENDS) process.off(signal, giveUp);
    lines.close();
    process.stdin.pause();
    if (isSecret) process.stderr.write("\n");
  }
}
