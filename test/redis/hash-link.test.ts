import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type HashFields, HashLink, type HashListener } from "../../src/redis/hash-link.ts";
import { type RedisServer, startRedis } from "./redis-server.ts";

/** What the listener was told, to be awaited one by one. */
class Told implements HashListener {
  readonly #stream = new TransformStream<unknown, unknown>(undefined, { highWaterMark: 1000 });
  readonly #writer = this.#stream.writable.getWriter();
  readonly #reader = this.#stream.readable.getReader();

  onAll(hashes: ReadonlyMap<string, HashFields>): void {
    void this.#writer.write({
      all: Object.fromEntries([...hashes].map(([key, fields]) => [key, textOf(fields)])),
    });
  }
  onChange(key: string, fields: HashFields | undefined): void {
    void this.#writer.write({ key, fields: fields === undefined ? undefined : textOf(fields) });
  }
  onLost(): void {
    void this.#writer.write("lost");
  }
  async next(): Promise<unknown> {
    return (await this.#reader.read()).value;
  }
}

let folder: string;
let redis: RedisServer;
let told: Told;
let link: HashLink;
let stop: AbortController;
let following: Promise<void>;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "waifuctl-redis-"));
  redis = await startRedis(folder);
  await redis.cli("HSET", "a:1", "f", "one");
  await redis.cli("HSET", "b:1", "f", "another's");
  [told, link, stop] = [new Told(), new HashLink(redis.socket, "a:"), new AbortController()];
  following = link.follow(told, stop.signal);
});

afterEach(async () => {
  stop.abort();
  await following;
  await redis.kill();
  await rm(folder, { recursive: true });
});

test("tells all at first, and then every change under its prefix", async () => {
  expect(await told.next()).toEqual({ all: { "a:1": { f: "one" } } });
  await redis.cli("HSET", "b:1", "f", "not ours");
  await redis.cli("HSET", "a:2", "f", "two");
  expect(await told.next()).toEqual({ key: "a:2", fields: { f: "two" } });
  await redis.pipe([["MULTI"], ["DEL", "a:2"], ["HSET", "a:2", "g", "2"], ["EXEC"]]);
  expect(await told.next()).toEqual({ key: "a:2", fields: { g: "2" } });
  await redis.cli("DEL", "a:1");
  expect(await told.next()).toEqual({ key: "a:1", fields: undefined });
  await redis.cli("FLUSHALL");
  expect(await told.next()).toEqual({ all: {} });
});

test("comes back after Redis was killed, and rejects meanwhile", async () => {
  await told.next();
  expect(link.isUp).toBe(true);
  await redis.kill();
  expect(await told.next()).toBe("lost");
  expect(link.isUp).toBe(false);
  await expect(link.set("a:1", { f: "x" })).rejects.toThrow("Redis is away");
  redis = await startRedis(folder);
  let next = await told.next();
  while (next === "lost") next = await told.next();
  expect(next).toEqual({ all: {} });
});

test.each(["data", "messages"] as const)("comes back when the connection for %s is cut", async (which) => {
  await told.next();
  const clients = await redis.cli("CLIENT", "LIST");
  // The one for data tells where its invalidations go.
  const { data, messages } = /^id=(?<data>\d+) .* redir=(?<messages>\d+) /m.exec(clients)?.groups ?? {};
  await redis.cli("CLIENT", "KILL", "ID", { data, messages }[which] ?? "");
  expect(await told.next()).toBe("lost");
  expect(await told.next()).toEqual({ all: { "a:1": { f: "one" } } });
  await redis.cli("HSET", "a:1", "f", "1");
  expect(await told.next()).toEqual({ key: "a:1", fields: { f: "1" } });
});

test("a full Redis rejects what is written and stays", async () => {
  await told.next();
  await redis.cli("CONFIG", "SET", "maxmemory", "1");
  await expect(link.set("a:1", { f: "x" })).rejects.toThrow("OOM");
  expect(link.isUp).toBe(true);
});

test("writes fields, runs scripts with any bytes, and removes", async () => {
  await told.next();
  await link.set("a:3", { f: "mine" });
  expect(await told.next()).toEqual({ key: "a:3", fields: { f: "mine" } });
  await link.run('return redis.call("HSET", KEYS[1], "g", ARGV[1])', "a:3", [Uint8Array.of(0, 255)]);
  expect(await redis.cli("--no-raw", "HGET", "a:3", "g")).toBe('"\\x00\\xff"\n');
  await link.remove("a:3");
  expect(await redis.cli("EXISTS", "a:3")).toBe("0\n");
});

function textOf(fields: HashFields): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, bytes]) => [name, new TextDecoder().decode(bytes)]),
  );
}
