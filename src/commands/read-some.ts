import { WaifuError } from "../errors.ts";

/** All of it, or a little more than the most that is wanted: no further than to see that it is too much. Throws `not-found`. */
export async function readSome(
  source: AsyncIterable<Uint8Array>,
  mostBytes: number,
  name: string,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of source) {
      chunks.push(chunk);
      length += chunk.length;
      if (length > mostBytes) break;
    }
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new WaifuError("not-found", `can't read ${name}: ${why}`, { cause });
  }
  return Buffer.concat(chunks);
}
