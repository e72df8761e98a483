import { timingSafeEqual } from "node:crypto";
import { hashToken, type SeedRecord } from "../seed-record.ts";

type Entry = { readonly seed: SeedRecord; readonly hash: Buffer };

/** Every seed of this node, in memory. */
export class SeedBook {
  readonly #byUuid = new Map<string, SeedRecord>();
  readonly #byMac = new Map<string, Entry[]>();
  /** Holds all that there is. Until then, while Redis is away, or when a seed is lost, a caller whom we don't know may yet be a guest. */
  isComplete = false;
  /** Counts the changes. */
  version = 0;

  get(uuid: string): SeedRecord | undefined {
    return this.#byUuid.get(uuid);
  }

  all(): SeedRecord[] {
    return [...this.#byUuid.values()];
  }

  get size(): number {
    return this.#byUuid.size;
  }

  set(seed: SeedRecord): void {
    this.remove(seed.uuid);
    this.version++;
    this.#byUuid.set(seed.uuid, seed);
    const entry = { seed, hash: Buffer.from(seed.tokenHash) };
    this.#byMac.set(seed.mac, [entry, ...(this.#byMac.get(seed.mac) ?? [])]);
  }

  remove(uuid: string): void {
    const seed = this.#byUuid.get(uuid);
    if (seed === undefined) return;
    this.version++;
    this.#byUuid.delete(uuid);
    const others = this.#byMac.get(seed.mac)?.filter((other) => other.seed !== seed) ?? [];
    if (others.length === 0) this.#byMac.delete(seed.mac);
    else this.#byMac.set(seed.mac, others);
  }

  /** The latest, if an instance was deleted behind our back and its MAC given away again. */
  findByMac(mac: string): SeedRecord | undefined {
    return this.#byMac.get(mac)?.[0]?.seed;
  }

  /** The seed of a guest that shows both its MAC and its token. */
  find(mac: string, token: string): SeedRecord | undefined {
    const hash = Buffer.from(hashToken(token));
    return this.#byMac.get(mac)?.find((entry) => timingSafeEqual(entry.hash, hash))?.seed;
  }
}
