import type { HashLink } from "../../redis/hash-link.ts";
import { bootKey, type SeedRecord } from "../seed-record.ts";

/** A guest asks a few times within one boot. */
const quietMs = 10_000;

/** Tells the operator, through Redis, how far a guest's boot is. */
export class BootRecords {
  readonly #link: Pick<HashLink, "set">;
  readonly #now: () => Date;
  readonly #toldAtMs = new WeakMap<SeedRecord, number>();

  constructor(link: Pick<HashLink, "set">, now: () => Date = () => new Date()) {
    this.#link = link;
    this.#now = now;
  }

  /** Lost when Redis is away: the boot goes on, and phones home. */
  metaDataRead(seed: SeedRecord): void {
    const now = this.#now();
    if (Math.abs(now.getTime() - (this.#toldAtMs.get(seed) ?? Number.NEGATIVE_INFINITY)) < quietMs) return;
    this.#toldAtMs.set(seed, now.getTime());
    this.#link
      .set(bootKey(seed.uuid), { metaDataAt: now.toISOString() })
      .catch(() => this.#toldAtMs.delete(seed));
  }

  /** Rejects when Redis is away. */
  async phonedHome(seed: SeedRecord, hostKeys: readonly string[]): Promise<void> {
    await this.#link.set(bootKey(seed.uuid), {
      phoneHomeAt: this.#now().toISOString(),
      hostKeys: JSON.stringify(hostKeys),
    });
  }
}
