import { createReadStream } from "node:fs";
import { WaifuError } from "../../errors.ts";
import { mostSecretBytes } from "../../metadata/secret-record.ts";
import type { Terminal } from "../../terminal/terminal.ts";
import { readSome } from "../read-some.ts";

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
      : await readSome(source, mostSecretBytes, file ?? "standard input");
  if (value.length > 0 && value.length <= mostSecretBytes) return value;
  throw new WaifuError(
    "usage",
    value.length === 0
      ? "the value is empty"
      : "the value is longer than 64 KiB, the most that a secret may have",
  );
}
