import type { HashLink } from "../../redis/hash-link.ts";
import { guestKey, unseal } from "../sealed-secret.ts";
import { formatRead, isSecretName, mostReads, parseSecret, readsKey, secretsKey } from "../secret-record.ts";
import type { SeedRecord } from "../seed-record.ts";
import { type Answer, deny, notFound, serve } from "./answer.ts";
import type { Log } from "./service-log.ts";

/** A guest that has shown its token, from its own address. */
export type SecretCaller = { readonly seed: SeedRecord; readonly token: string; readonly address: string };

/** Whoever gets a secret that is for once gets it alone, and no read goes unrecorded. */
const giveScript = `
local secret = redis.call("HGET", KEYS[1], ARGV[1])
if not secret then return false end
if cjson.decode(secret).once then redis.call("HDEL", KEYS[1], ARGV[1]) end
redis.call("RPUSH", KEYS[2], ARGV[2])
redis.call("LTRIM", KEYS[2], -${mostReads}, -1)
return secret`;

const listScript = `return redis.call("HKEYS", KEYS[1])`;

const noStore = new Headers({ "cache-control": "no-store" });

/** `/TOKEN/secrets/`: read from Redis each time, and kept nowhere else. */
export class Secrets {
  readonly #link: Pick<HashLink, "run">;
  readonly #log: Log;
  readonly #now: () => Date;

  constructor(link: Pick<HashLink, "run">, log: Log, now: () => Date = () => new Date()) {
    this.#link = link;
    this.#log = log;
    this.#now = now;
  }

  /** The names for an empty `key`, a line each. HEAD is not answered: it would take what is for once. */
  async answer(key: string, request: Request, caller: SecretCaller): Promise<Answer> {
    if (request.method !== "GET" || (key !== "" && !isSecretName(key))) return notFound();
    try {
      return key === "" ? await this.#list(caller) : await this.#give(key, caller);
    } catch {
      return deny("failed", 503, "Try again\n", { "retry-after": "2" });
    }
  }

  async #list({ seed: { uuid } }: SecretCaller): Promise<Answer> {
    const names = await this.#link.run(listScript, [secretsKey(uuid)], []);
    const sorted = Array.isArray(names) ? names.map(String).sort() : [];
    return serve(sorted.map((name) => `${name}\n`).join(""), noStore);
  }

  async #give(key: string, { seed: { uuid, name }, token, address }: SecretCaller): Promise<Answer> {
    const read = formatRead({ key, at: this.#now().toISOString(), address });
    const found = await this.#link.run(giveScript, [secretsKey(uuid), readsKey(uuid)], [key, read]);
    if (found === null) return notFound();
    const secret = parseSecret(String(found));
    const value = secret && unseal(guestKey(uuid, token), key, secret);
    if (value !== undefined) return serve(value, noStore);
    this.#log.event(`the secret ${key} of ${name} is damaged in Redis`);
    return deny("failed", 500, "Internal Server Error\n");
  }
}
