import { open } from "node:fs/promises";
import { Readable } from "node:stream";
import type { Stdin } from "../command.ts";
import { WaifuError } from "../errors.ts";

const CHUNK_BYTES = 256 * 1024;

/** What a command reads, opened before anything runs, so that a missing file starts nothing. Throws `not-found`. */
export async function openStdin(stdin: Stdin = ""): Promise<Readable> {
  if (typeof stdin === "string" || stdin instanceof Uint8Array)
    return Readable.from(stdin.length > 0 ? [Buffer.from(stdin)] : []);
  if ("node" in stdin)
    throw new WaifuError("bug", `what node "${stdin.node}" prints has to be opened by the caller`);
  try {
    const file = await open(stdin.path);
    return file.createReadStream({ highWaterMark: CHUNK_BYTES });
  } catch (cause) {
    throw new WaifuError("not-found", `cannot read ${stdin.path}`, { cause });
  }
}
