import { type Command, repeatable } from "../command.ts";
import { bootKey } from "./seed-record.ts";
import { redisSocket } from "./service-paths.ts";

/** What the metadata service saw of a guest's boot. ISO times. */
export type BootRecord = {
  readonly metaDataAt?: string;
  readonly phoneHomeAt?: string;
  /** Public keys of its SSH server, as it told them itself; empty before it phoned home. */
  readonly hostKeys: readonly string[];
};

export function readBootRecord(uuid: string): Command {
  return repeatable(["redis-cli", "-s", redisSocket, "HGETALL", bootKey(uuid)]);
}

/** Off a terminal redis-cli prints fields and values in turn, a line each. */
export function parseBootRecord(stdout: string): BootRecord {
  const lines = stdout.split("\n");
  const value = (field: string) => {
    const at = lines.findIndex((line, index) => index % 2 === 0 && line === field);
    return at < 0 ? undefined : lines[at + 1];
  };
  const hostKeys: unknown = JSON.parse(value("hostKeys") ?? "[]");
  return {
    metaDataAt: value("metaDataAt"),
    phoneHomeAt: value("phoneHomeAt"),
    hostKeys: Array.isArray(hostKeys) ? hostKeys.filter((key) => typeof key === "string") : [],
  };
}
