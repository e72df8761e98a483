type Bucket = { tokens: number; atMs: number };

const maximumCallers = 4096;

/** So many requests a second for each caller, and twice as many at once. Whoever asks nothing for long is forgotten. */
export class RateLimit {
  readonly #perSecond: number;
  readonly #buckets = new Map<string, Bucket>();

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  /** False: not now. */
  take(caller: string, nowMs: number): boolean {
    const full = this.#perSecond * 2;
    const bucket = this.#buckets.get(caller) ?? this.#add(caller, { tokens: full, atMs: nowMs });
    bucket.tokens = Math.min(full, bucket.tokens + ((nowMs - bucket.atMs) / 1000) * this.#perSecond);
    bucket.atMs = nowMs;
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }

  #add(caller: string, bucket: Bucket): Bucket {
    const [oldest] = this.#buckets.size < maximumCallers ? [] : this.#buckets.keys();
    if (oldest !== undefined) this.#buckets.delete(oldest);
    this.#buckets.set(caller, bucket);
    return bucket;
  }
}
