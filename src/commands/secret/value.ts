import { createReadStream } from "node:fs";
import { WaifuError } from "../../errors.ts";
import { mostSecretBytes } from "../../metadata/secret-record.ts";
import type { Terminal } from "../../terminal/terminal.ts";

/** The bytes as they are: of the file, of what is piped in, or typed unseen. Throws `usage`, `not-found` or `refused`. */
export async function readValue(
  key: string,
  file: string | undefined,
  terminal: Pick<Terminal, "input" | "askSecret">,
): Promise<Uint8Array> {
  const source = file === undefined ? terminal.input : createReadStream(file);
  const value =
    source === undefined
      ? Buffer.from(await terminal.askSecret(`Value of ${key}:`))
      : await readSome(source, file ?? "standard input");
  if (value.length > 0 && value.length <= mostSecretBytes) return value;
  throw new WaifuError(
    "usage",
    value.length === 0
      ? "the value is empty"
      : "the value is longer than 64 KiB, the most that a secret may have",
  );
}

/** No further than to see that it is too much. */
async function readSome(source: AsyncIterable<Uint8Array>, name: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of source) {
      chunks.push(chunk);
      length += chunk.length;
      if (length > mostSecretBytes) break;
    }
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new WaifuError("not-found", `can't read ${name}: ${why}`, { cause });
  }
  return Buffer.concat(chunks);
}
