import { setTimeout as pause } from "node:timers/promises";
import type { Redis } from "ioredis";
import { openRedis } from "./connect.ts";

export type HashFields = Readonly<Record<string, Uint8Array>>;

/** Whoever mirrors the hashes under a prefix. */
export interface HashListener {
  /** Every one of them: after each connection, and after Redis was emptied. */
  onAll(hashes: ReadonlyMap<string, HashFields>): void;
  /** One that was written or removed just now. */
  onChange(key: string, fields: HashFields | undefined): void;
  /** Nothing more is known of them until the next onAll. */
  onLost(error: unknown): void;
}

/** https://redis.io/docs/latest/develop/reference/client-side-caching/#two-connections-mode */
const invalidations = "__redis__:invalidate";
const heartbeatMs = 2_000;
const pausesMs = { first: 50, longest: 2_000 };

/** The way to a Redis that may come and go. */
export class HashLink {
  readonly #path: string;
  readonly #prefix: string;
  #redis: Redis | undefined;

  constructor(path: string, prefix: string) {
    this.#path = path;
    this.#prefix = prefix;
  }

  get isUp(): boolean {
    return this.#redis !== undefined;
  }

  /** Sets these fields and leaves the others. Rejects when Redis is away, as `remove` and `run` do. */
  async set(key: string, fields: Readonly<Record<string, string>>): Promise<void> {
    await this.#up().hset(key, fields);
  }

  async remove(key: string): Promise<void> {
    await this.#up().del(key);
  }

  /** A Lua script about these keys; gives what it returned. */
  async run(
    script: string,
    keys: string | readonly string[],
    args: readonly (string | Uint8Array)[],
  ): Promise<unknown> {
    const words = [...[keys].flat(), ...args.map((arg) => Buffer.from(arg))];
    return await this.#up().eval(script, words.length - args.length, ...words);
  }

  /** Tells the listener of every change, our own too, and connects again and again, until the signal. Never rejects. */
  async follow(listener: HashListener, signal: AbortSignal): Promise<void> {
    let pauseMs = pausesMs.first;
    while (!signal.aborted) {
      try {
        await this.#hold(listener, signal, () => {
          pauseMs = pausesMs.first;
        });
      } catch (error) {
        if (!signal.aborted) listener.onLost(error);
      }
      await pause(pauseMs, undefined, { signal }).catch(() => {});
      pauseMs = Math.min(pauseMs * 2, pausesMs.longest);
    }
  }

  /** From one connection to its end. Both go together: tracking ends with either. */
  async #hold(listener: HashListener, signal: AbortSignal, onUp: () => void): Promise<never> {
    // Redis sends invalidations as ordinary messages only to a connection that speaks the old protocol.
    const [redis, messages] = [openRedis(this.#path, 3), openRedis(this.#path, 2)];
    const { promise: broken, reject } = Promise.withResolvers<never>();
    broken.catch(() => {});
    const end = () => reject(new Error("the connection was closed"));
    signal.addEventListener("abort", end);
    for (const connection of [redis, messages]) connection.on("close", end);
    const heartbeat = setInterval(() => redis.ping().catch(reject), heartbeatMs);
    // One after the other, so that what was read later is told later.
    let work = Promise.resolve();
    const enqueue = (task: () => Promise<void>) => {
      work = work.then(task).catch(reject);
    };
    try {
      await Promise.race([broken, Promise.all([redis.connect(), messages.connect()])]);
      const id = await messages.client("ID");
      messages.on("message", (_channel, keys) => {
        // No keys stand for all of them.
        if (keys === "") enqueue(() => this.#readAll(redis, listener));
        for (const key of keys.split(",").filter(Boolean)) enqueue(() => readOne(redis, listener, key));
      });
      await messages.subscribe(invalidations);
      await redis.client("TRACKING", "ON", "REDIRECT", id, "BCAST", "PREFIX", this.#prefix);
      this.#redis = redis;
      enqueue(() => this.#readAll(redis, listener));
      enqueue(async () => onUp());
      return await broken;
    } finally {
      this.#redis = undefined;
      clearInterval(heartbeat);
      signal.removeEventListener("abort", end);
      redis.disconnect();
      messages.disconnect();
      await work;
    }
  }

  async #readAll(redis: Redis, listener: HashListener): Promise<void> {
    const hashes = new Map<string, HashFields>();
    for await (const keys of redis.scanStream({ match: `${this.#prefix}*`, count: 500 })) {
      for (const key of keys) {
        const fields = await readFields(redis, key);
        if (fields !== undefined) hashes.set(key, fields);
      }
    }
    listener.onAll(hashes);
  }

  #up(): Redis {
    if (this.#redis === undefined) throw new Error("Redis is away");
    return this.#redis;
  }
}

async function readOne(redis: Redis, listener: HashListener, key: string): Promise<void> {
  listener.onChange(key, await readFields(redis, key));
}

async function readFields(redis: Redis, key: string): Promise<HashFields | undefined> {
  const fields = await redis.hgetallBuffer(key);
  return Object.keys(fields).length === 0 ? undefined : fields;
}
