import { constants } from "node:os";
import type { Readable, Writable } from "node:stream";

/** The three streams of a running program, here or on a node. */
export type Streams = { readonly stdin: Writable; readonly stdout: Readable; readonly stderr: Readable };

/** What is going through a program's streams. */
export type Traffic = {
  readonly stdout: Buffer[];
  readonly stderr: Buffer[];
  /** Both outputs have come to their end. */
  readonly drained: Promise<unknown>;
  /** Rejects when the source fails before its end. Never resolves. */
  readonly starved: Promise<never>;
};

/** Feeds a program from a source, with backpressure, and gathers what it writes; `onOutput` hears standard output as it comes. */
export function exchange(program: Streams, source: Readable, onOutput?: (chunk: Buffer) => void): Traffic {
  const { promise: starved, reject } = Promise.withResolvers<never>();
  starved.catch(() => {});
  source.once("error", reject);
  // A program may end without reading all of it.
  program.stdin.on("error", () => {});
  source.pipe(program.stdin);
  const [stdout, stderr] = [gather(program.stdout, onOutput), gather(program.stderr)];
  const drained = Promise.all([stdout.ended, stderr.ended]).then(() => source.destroy());
  return { stdout: stdout.chunks, stderr: stderr.chunks, drained, starved };
}

/** How a program ended, told when all that it started is at its end too: they hold its output. */
export async function afterDrain<T>(ended: Promise<T>, { drained }: Traffic): Promise<T> {
  const status = await ended;
  await drained;
  return status;
}

function gather(
  stream: Readable,
  onChunk?: (chunk: Buffer) => void,
): { chunks: Buffer[]; ended: Promise<void> } {
  const chunks: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    onChunk?.(chunk);
  });
  return { chunks, ended: new Promise((resolve) => stream.once("end", resolve)) };
}

/** An exit status as a shell gives it: 128 + n after signal n. */
export function exitStatus(code: number | null, signal?: string | null): number {
  return code ?? 128 + (new Map<string, number>(Object.entries(constants.signals)).get(signal ?? "") ?? 0);
}
