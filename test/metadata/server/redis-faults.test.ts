import { afterEach, beforeEach, expect, test } from "bun:test";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { parseReads } from "../../../src/metadata/secret-record.ts";
import { listReads, storeSecrets } from "../../../src/metadata/secret-service.ts";
import { seedKey } from "../../../src/metadata/seed-record.ts";
import { seedOf, tokenOf } from "./samples.ts";
import { Served } from "./served.ts";
import { slowLink } from "./slow-link.ts";

const guest = seedOf(1);
const edited = seedOf(1, { generation: 2, files: { "user-data": Buffer.from("#edited\n") } });
let served: Served;

beforeEach(async () => {
  served = await Served.withGuest();
});

afterEach(() => served.close());

const ask = async (path: string, init: RequestInit = {}) => {
  const response = await fetch(new URL(`/${tokenOf("A")}/${path}`, served.service.url), init);
  return [response.status, await response.text()];
};

const phoneHome = () => ask("phone-home", { method: "POST", body: "pub_key_rsa=" });

test("a Redis that is slow delays an edit, and nobody who asks", async () => {
  await served.stopService();
  const redisSocket = join(served.folder, "slow.sock");
  const link = await slowLink(redisSocket, served.redis.socket, 200);
  try {
    await served.startService({ redisSocket });
    // From the copy: Redis has not said a word.
    expect(await served.userData()).toEqual([200, "#user 1\n"]);
    expect(await served.userData("Z")).toEqual([503, ""]);
    await served.log.until("Redis is there: 1 seeds");
    await served.put(edited);
    await served.log.until("guest-1: generation 2");
    expect(await served.userData()).toEqual([200, "#edited\n"]);
    expect(await phoneHome()).toEqual([200, ""]);
    expect(served.log.lines.join("\n")).not.toContain("Redis is away");
    await served.stopService();
  } finally {
    link.close();
  }
}, 20_000);

test("a Redis that is full gives no secret without recording it", async () => {
  const value = Buffer.from("correct horse");
  const keys = ["many", "once"];
  const secrets = keys.map((key) => ({ key, value, once: key === "once" }));
  await served.redis.run(storeSecrets(guest.uuid, tokenOf("A"), secrets));
  const readKeys = async () =>
    parseReads(await served.redis.run(listReads(guest.uuid))).map(({ key }) => key);
  await served.redis.cli("CONFIG", "SET", "maxmemory", "1");
  expect(await ask("secrets/many")).toEqual([503, "Try again\n"]);
  expect(await readKeys()).toEqual([]);
  // What is taken away makes room for its record.
  expect(await ask("secrets/once")).toEqual([200, "correct horse"]);
  expect(await readKeys()).toEqual(["once"]);
  await served.redis.cli("CONFIG", "SET", "maxmemory", "0");
  expect(await ask("secrets/many")).toEqual([200, "correct horse"]);
  expect(await readKeys()).toEqual(["once", "many"]);
});

test("an edit that a full Redis refuses fails where it is made, and the guest keeps what it had", async () => {
  await served.redis.cli("CONFIG", "SET", "maxmemory", "1");
  expect(await served.put(edited).catch((error: Error) => error.message)).toContain("exit 1");
  expect(await served.userData()).toEqual([200, "#user 1\n"]);
  await served.redis.cli("CONFIG", "SET", "maxmemory", "0");
  await served.put(edited);
  await served.log.until("guest-1: generation 2");
  expect(await served.userData()).toEqual([200, "#edited\n"]);
});

test("a deleted instance's token opens nothing when Redis comes back empty, its tombstone lost", async () => {
  await served.bury(guest);
  await served.log.until("guest-1: deleted");
  await served.redis.kill();
  await served.log.until("Redis is away");
  expect(await served.userData()).toEqual([503, ""]);
  await served.startRedis();
  await served.log.until("Redis is there: 0 seeds");
  expect(await served.userData()).toEqual([404, ""]);
  await served.stopService();
  await served.startService();
  await served.log.until("Redis is there: 0 seeds");
  expect(await served.userData()).toEqual([404, ""]);
  expect(await served.redis.cli("EXISTS", seedKey(guest.uuid))).toBe("0\n");
});

test("copies and Redis lost together: the guest is told to come again, and is served once it is stored anew", async () => {
  await served.redis.kill();
  await served.stopService();
  await rm(served.copyFolder, { recursive: true });
  await served.startService();
  expect(await served.userData()).toEqual([503, ""]);
  await served.startRedis();
  await served.log.until("Redis is there: 0 seeds");
  await served.put(guest);
  await served.log.until("guest-1: generation 1");
  expect(await served.userData()).toEqual([200, "#user 1\n"]);
});
