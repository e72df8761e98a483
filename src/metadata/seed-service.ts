import { type Command, repeatable } from "../command.ts";
import { encodeCommands, type RedisCommand } from "../redis/resp.ts";
import { readsKey, secretsKey } from "./secret-record.ts";
import { seedFields } from "./seed-fields.ts";
import { bootKey, type SeedRecord, seedKey, tombstoneSeconds } from "./seed-record.ts";
import { redisSocket } from "./service-paths.ts";

/** The seed is served as soon as this has run, whole: in place of the generation before it, if there was one. */
export function storeSeed(record: SeedRecord): Command {
  const key = seedKey(record.uuid);
  return transaction(["DEL", key], ["HSET", key, ...seedFields(record).flat()]);
}

/** From then on nobody is served it, nor from the service's own copy. */
export function forgetSeed(uuid: string, now: Date): Command {
  const key = seedKey(uuid);
  return transaction(
    ["DEL", key, bootKey(uuid), secretsKey(uuid), readsKey(uuid)],
    ["HSET", key, "deleted", now.toISOString()],
    ["EXPIRE", key, String(tombstoneSeconds)],
  );
}

/** All or nothing. redis-cli fails when Redis refuses any of them, or can't be reached. */
export function transaction(...commands: RedisCommand[]): Command {
  return repeatable(["redis-cli", "-s", redisSocket, "--pipe"], {
    stdin: encodeCommands([["MULTI"], ...commands, ["EXEC"]]),
  });
}
