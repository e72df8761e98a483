/** A command and its arguments, as Redis takes them. */
export type RedisCommand = readonly [name: string, ...args: (string | Uint8Array)[]];

/** Commands as the bytes that `redis-cli --pipe` reads (RESP, https://redis.io/docs/latest/develop/reference/protocol-spec/). */
export function encodeCommands(commands: readonly RedisCommand[]): Uint8Array {
  return Buffer.concat(
    commands.flatMap((words) => [Buffer.from(`*${words.length}\r\n`), ...words.flatMap(bulkString)]),
  );
}

function bulkString(word: string | Uint8Array): Uint8Array[] {
  const bytes = Buffer.from(word);
  return [Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from("\r\n")];
}
