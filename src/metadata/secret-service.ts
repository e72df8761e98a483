import { type Command, repeatable } from "../command.ts";
import { guestKey, seal } from "./sealed-secret.ts";
import { formatSecret, readsKey, secretsKey } from "./secret-record.ts";
import { transaction } from "./seed-service.ts";
import { redisSocket } from "./service-paths.ts";

export type GuestSecret = { readonly key: string; readonly value: Uint8Array; readonly once: boolean };

/** Gives secrets, one at least, to the guest of that token, in place of those of the same names. */
export function storeSecrets(uuid: string, token: string, secrets: readonly GuestSecret[]): Command {
  const key = guestKey(uuid, token);
  const fields = secrets.flatMap((secret) => [
    secret.key,
    formatSecret({ ...seal(key, secret.key, secret.value), once: secret.once }),
  ]);
  return transaction(["HSET", secretsKey(uuid), ...fields]);
}

export function removeSecret(uuid: string, key: string): Command {
  return transaction(["HDEL", secretsKey(uuid), key]);
}

export function listReads(uuid: string): Command {
  return repeatable(["redis-cli", "-s", redisSocket, "LRANGE", readsKey(uuid), "0", "-1"]);
}
