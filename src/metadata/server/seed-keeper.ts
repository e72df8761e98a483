import { toWaifuError } from "../../errors.ts";
import type { HashFields, HashLink, HashListener } from "../../redis/hash-link.ts";
import { parseSeedFields, seedFields } from "../seed-fields.ts";
import {
  bootKey,
  restoredField,
  type SeedRecord,
  seedKey,
  seedKeyPrefix,
  tombstoneSeconds,
} from "../seed-record.ts";
import type { SeedBook } from "./seed-book.ts";
import type { SeedCopies } from "./seed-copies.ts";
import type { Log } from "./service-log.ts";

/** Unless a tombstone or something newer is there by now. */
const putBackScript = `
if redis.call("HEXISTS", KEYS[1], "deleted") == 1 then return 0 end
if (tonumber(redis.call("HGET", KEYS[1], "generation") or "") or -1) >= tonumber(ARGV[1]) then return 0 end
redis.call("DEL", KEYS[1])
return redis.call("HSET", KEYS[1], unpack(ARGV, 2))`;

const buryScript = `
redis.call("DEL", KEYS[1])
redis.call("HSET", KEYS[1], "deleted", ARGV[1])
return redis.call("EXPIRE", KEYS[1], ARGV[2])`;

/**
 * Keeps book, copies and Redis alike. Redis is right, except that only a tombstone makes it forget, or that somebody removed the
 * copy: what Redis has lost, or has in an older generation, is put back.
 */
export class SeedKeeper implements HashListener {
  readonly #book: SeedBook;
  readonly #copies: SeedCopies;
  readonly #link: HashLink;
  readonly #log: Log;
  #hasAll = false;
  #isLost = false;

  constructor(book: SeedBook, copies: SeedCopies, link: HashLink, log: Log) {
    this.#book = book;
    this.#copies = copies;
    this.#link = link;
    this.#log = log;
  }

  /** Fills the book from the copies, for as long as Redis says nothing. */
  async load(): Promise<void> {
    try {
      for (const seed of await this.#copies.load()) this.#book.set(seed);
    } catch (error) {
      this.#log.event(`the copies can't be read: ${toWaifuError(error).message}`);
    }
  }

  onAll(hashes: ReadonlyMap<string, HashFields>): void {
    for (const [key, fields] of hashes) this.onChange(key, fields);
    for (const seed of this.#book.all()) void this.#settle(seed, hashes.has(seedKey(seed.uuid)));
    this.#hasAll = true;
    this.#isLost = false;
    this.#judge();
    this.#log.event(`Redis is there: ${this.#book.size} seeds`);
    for (const uuid of this.#copies.lost)
      this.#log.event(`Redis and the copies have lost the seed of ${uuid}: edit that instance, or delete it`);
  }

  onChange(key: string, fields: HashFields | undefined): void {
    const uuid = key.slice(seedKeyPrefix.length);
    const found = fields === undefined || !isUuid(uuid) ? undefined : parseSeedFields(uuid, fields);
    if (fields !== undefined && found === undefined) this.#log.event(`${key} in Redis is no seed`);
    const known = this.#book.get(uuid);
    if (found !== undefined && "deletedAt" in found) this.#forget(uuid);
    else if (found !== undefined && found.generation >= (known?.generation ?? 0)) this.#learn(found, known);
    else if (known !== undefined) void this.#settle(known, false);
    this.#judge();
  }

  onLost(error: unknown): void {
    this.#hasAll = false;
    this.#judge();
    if (this.#isLost) return;
    this.#isLost = true;
    const why = toWaifuError(error).message;
    this.#log.event(`Redis is away: ${why}; serving the ${this.#book.size} seeds that are known`);
  }

  /** A guest whose seed was lost may be the one who asks. */
  #judge(): void {
    this.#book.isComplete = this.#hasAll && this.#copies.lost.size === 0;
  }

  #learn(found: SeedRecord, known: SeedRecord | undefined): void {
    if (Bun.deepEquals(found, known)) return;
    this.#book.set(found);
    this.#copies.write(found);
    this.#log.event(`the seed of ${found.name}: generation ${found.generation}`);
  }

  #forget(uuid: string): void {
    const known = this.#book.get(uuid);
    if (known !== undefined) this.#log.event(`the seed of ${known.name}: deleted`);
    this.#book.remove(uuid);
    this.#copies.remove(uuid);
    this.#link.remove(bootKey(uuid)).catch(() => {});
  }

  /** What Redis lost is put back. A guest that was deleted while Redis couldn't be told is one whose copy somebody removed. */
  async #settle(seed: SeedRecord, isInRedis: boolean): Promise<void> {
    const [key, fields] = [seedKey(seed.uuid), seedFields(seed).flat()];
    try {
      if (await this.#copies.isTakenAway(seed.uuid)) {
        this.#forget(seed.uuid);
        await this.#link.run(buryScript, key, [new Date().toISOString(), String(tombstoneSeconds)]);
      } else if (!isInRedis) {
        const now = new Date().toISOString();
        await this.#link.run(putBackScript, key, [String(seed.generation), ...fields, restoredField, now]);
        this.#log.event(`put the seed of ${seed.name} back into Redis`);
      }
    } catch (error) {
      this.#log.event(`couldn't tell Redis of the seed of ${seed.name}: ${error}`);
    }
  }
}

function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);
}
