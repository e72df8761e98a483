import { afterEach, beforeEach, expect, test } from "bun:test";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { seedKey } from "../../../src/metadata/seed-record.ts";
import { seedOf, tokenOf } from "./samples.ts";
import { Served } from "./served.ts";

const guest = seedOf(1);
const edited = seedOf(1, { generation: 2, files: { "user-data": Buffer.from("#edited\n") } });
let served: Served;

beforeEach(async () => {
  served = await Served.open();
});

afterEach(() => served.close());

test("a seed is served as soon as it is put, edited or deleted", async () => {
  await served.startBoth();
  expect(await served.userData()).toEqual([404, ""]);
  await served.put(guest);
  await served.log.until("guest-1: generation 1");
  expect(await served.userData()).toEqual([200, "#user 1\n"]);
  await served.put(edited);
  await served.log.until("guest-1: generation 2");
  expect(await served.userData()).toEqual([200, "#edited\n"]);
  await served.bury(edited);
  await served.log.until("guest-1: deleted");
  expect(await served.userData()).toEqual([404, ""]);
  await served.stopService();
  expect(await readdir(served.copyFolder)).toEqual([]);
});

test("a new token replaces the old one", async () => {
  await served.putGuest();
  await served.put({ ...edited, tokenHash: seedOf(2).tokenHash });
  await served.log.until("guest-1: generation 2");
  expect(await served.userData("A")).toEqual([404, ""]);
  expect(await served.userData("B")).toEqual([200, "#edited\n"]);
});

test("Redis killed: seeds are served, after a restart of the service too", async () => {
  await served.putGuest();
  await served.redis.kill();
  await served.log.until("Redis is away");
  expect(await served.userData()).toEqual([200, "#user 1\n"]);
  expect(await served.userData("Z")).toEqual([503, ""]);
  await served.stopService();
  await served.startService();
  expect(await served.userData()).toEqual([200, "#user 1\n"]);
});

test("Redis restarted empty: seeds are put back, byte by byte", async () => {
  await served.putGuest();
  const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
  await served.put(seedOf(1, { generation: 3, files: { "user-data": bytes } }));
  await served.log.until("guest-1: generation 3");
  await served.redis.kill();
  await served.stopService();
  await served.startRedis();
  await served.startService();
  await served.log.until("Redis is there");
  await served.log.until("put the seed of guest-1 back");
  expect(await served.redis.cli("HGET", seedKey(guest.uuid), "generation")).toBe("3\n");
  expect(await served.redis.cli("HSTRLEN", seedKey(guest.uuid), "file:user-data")).toBe("256\n");
  expect(await served.redis.cli("HEXISTS", seedKey(guest.uuid), "file:meta-data")).toBe("0\n");
});

test.each(["FLUSHALL", "DEL"])("%s by hand: the seed is put back", async (command) => {
  await served.putGuest();
  await served.redis.cli(...(command === "DEL" ? ["DEL", seedKey(guest.uuid)] : ["FLUSHALL"]));
  await served.log.until("put the seed of guest-1 back");
  expect(await served.userData()).toEqual([200, "#user 1\n"]);
  expect(await served.redis.cli("HGET", seedKey(guest.uuid), "name")).toBe("guest-1\n");
  // For whoever keeps its secrets; the next seed is no longer one that was put back.
  expect(await served.redis.cli("HEXISTS", seedKey(guest.uuid), "restored")).toBe("1\n");
  await served.put(edited);
  expect(await served.redis.cli("HEXISTS", seedKey(guest.uuid), "restored")).toBe("0\n");
});

test.each(["empty", "with the seed"])(
  "a guest that was deleted while Redis was away, which comes back %s, stays deleted",
  async (how) => {
    await served.putGuest();
    await served.redis.kill();
    await served.stopService();
    await served.startService();
    await rm(join(served.copyFolder, `${guest.uuid}.seed`));
    await served.startRedis();
    if (how === "with the seed") await served.put(guest);
    await served.log.until("guest-1: deleted");
    expect(await served.userData()).toEqual([404, ""]);
    await served.stopService();
    await served.startService();
    expect((await served.userData())[0]).not.toBe(200);
  },
);

test("an older generation in Redis is replaced by the copy, a tombstone is not", async () => {
  await served.startBoth();
  const other = seedOf(2);
  await served.put(edited);
  await served.put(other);
  await served.log.until("guest-2: generation 1");
  await served.stopService();
  await served.redis.kill();
  await served.startRedis();
  await served.put(guest);
  await served.bury(other);
  await served.startService();
  await served.log.until("guest-2: deleted");
  await served.log.until("Redis is there");
  expect(await served.userData()).toEqual([200, "#edited\n"]);
  await served.log.until("put the seed of guest-1 back");
  expect(await served.redis.cli("HGET", seedKey(guest.uuid), "generation")).toBe("2\n");
  expect(await served.redis.cli("HKEYS", seedKey(other.uuid))).toBe("deleted\n");
  await served.stopService();
  expect(await readdir(served.copyFolder)).toEqual([`${guest.uuid}.seed`]);
});

test("what is no seed replaces none", async () => {
  await served.putGuest();
  await served.redis.cli("HSET", seedKey(guest.uuid), "mac", "nonsense");
  await served.log.until("is no seed");
  expect(await served.userData()).toEqual([200, "#user 1\n"]);
  await served.redis.cli("HSET", seedKey("../../../etc/passwd"), "name", "x");
  await served.log.until("passwd in Redis is no seed");
});

test("neither Redis nor a copy: come again", async () => {
  await served.startService();
  const response = await fetch(new URL(`/${tokenOf("A")}/meta-data`, served.service.url));
  expect([response.status, response.headers.get("retry-after")]).toEqual([503, "2"]);
});

const phoneHome = async () =>
  (
    await fetch(new URL(`/${tokenOf("A")}/phone-home`, served.service.url), {
      method: "POST",
      body: "pub_key_rsa=",
    })
  ).status;

test("a Redis that is full: guests are served, and phone home later", async () => {
  await served.putGuest();
  await served.redis.cli("CONFIG", "SET", "maxmemory", "1");
  expect(await served.userData()).toEqual([200, "#user 1\n"]);
  expect(await phoneHome()).toBe(503);
  await served.redis.cli("CONFIG", "SET", "maxmemory", "0");
  expect(await phoneHome()).toBe(200);
});

test("a Redis that hangs: the same, and it is taken for away", async () => {
  await served.putGuest();
  served.redis.freeze();
  const home = phoneHome();
  expect(await served.userData()).toEqual([200, "#user 1\n"]);
  expect(await home).toBe(503);
  await served.log.until("Redis is away");
  expect(await served.userData("Z")).toEqual([503, ""]);
  served.redis.wake();
  await served.log.until("Redis is there");
  expect(await phoneHome()).toBe(200);
}, 20_000);

test("metrics tell how it is", async () => {
  await served.putGuest();
  await served.userData();
  await served.userData("Z");
  const text = await served.metrics();
  expect(text).toContain('waifu_metadata_requests_total{outcome="served"} 1\n');
  expect(text).toContain('waifu_metadata_requests_total{outcome="refused"} 1\n');
  expect(text).toContain("waifu_metadata_redis_up 1\n");
  expect(text).toContain("waifu_metadata_seeds 1\n");
  expect((await fetch(new URL("/", served.service.metricsUrl))).status).toBe(404);
  expect((await fetch(new URL("/metrics", served.service.url))).status).toBe(404);
});
