import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseBootRecord, readBootRecord } from "../../src/metadata/boot-record.ts";
import { seedRecord } from "../../src/metadata/seed.ts";
import { parseSeedFields } from "../../src/metadata/seed-fields.ts";
import type { SeedHistory } from "../../src/metadata/seed-history.ts";
import { bootKey, seedKey } from "../../src/metadata/seed-record.ts";
import { forgetSeed, storeSeed } from "../../src/metadata/seed-service.ts";
import { type RedisServer, startRedis } from "../redis/redis-server.ts";

let folder: string;
let redis: RedisServer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "waifu-redis-"));
  redis = await startRedis(folder);
});

afterAll(async () => {
  await redis.kill();
  await rm(folder, { recursive: true });
});

const history: SeedHistory = {
  uuid: "0b6f2a4e-54a1-4d37-93f1-6d6fd1f7f2a5",
  hostname: "web",
  sshKeys: ["ssh-ed25519 AAAA me"],
  token: "abc",
  current: { generation: 1, userData: "#!/bin/sh\r\necho 'näh'\n", createdAt: "2026-01-02", createdBy: "me" },
  earlier: [],
};
const record = seedRecord(history, "abc", "52:54:00:8d:9e:0f");

async function read(): Promise<Record<string, Uint8Array>> {
  const fields: Record<string, string> = JSON.parse(
    await redis.cli("--json", "HGETALL", seedKey(record.uuid)),
  );
  return Object.fromEntries(
    Object.entries(fields).map(([field, value]) => [field, new TextEncoder().encode(value)]),
  );
}

test("a seed is stored whole, over the one before it; a deleted one leaves its tombstone alone", async () => {
  await redis.run(storeSeed({ ...record, files: { ...record.files, "network-config": Uint8Array.of(52) } }));
  await redis.run(storeSeed({ ...record, generation: 2 }));
  expect(parseSeedFields(record.uuid, await read())).toEqual({ ...record, generation: 2 });
  await redis.run(forgetSeed(record.uuid, new Date("2026-01-02T03:04:05Z")));
  expect(parseSeedFields(record.uuid, await read())).toEqual({
    uuid: record.uuid,
    deletedAt: "2026-01-02T03:04:05.000Z",
  });
});

test("what Redis refuses fails, and changes nothing", async () => {
  const before = await read();
  await redis.cli("CONFIG", "SET", "maxmemory", "1");
  await expect(redis.run(storeSeed(record))).rejects.toThrow("exit 1");
  await redis.cli("CONFIG", "SET", "maxmemory", "0");
  expect(await read()).toEqual(before);
});

test("a Redis that is not there fails", async () => {
  const { argv, ...rest } = storeSeed(record);
  const gone = { ...rest, argv: [argv[0], "-s", `${redis.socket}.gone`, "--pipe"] as const };
  await expect(redis.run(gone)).rejects.toThrow("exit 1");
});

test("a boot is read as the service writes it, and is gone with its seed", async () => {
  const reading = async () => parseBootRecord(await redis.run(readBootRecord(record.uuid)));
  expect(await reading()).toEqual({ hostKeys: [] });
  const fields = ["metaDataAt", "2026-01-02T03:04:05.000Z", "hostKeys", '["ssh-ed25519 AAAA root@web"]'];
  await redis.cli("HSET", bootKey(record.uuid), ...fields);
  expect(await reading()).toEqual({
    metaDataAt: "2026-01-02T03:04:05.000Z",
    hostKeys: ["ssh-ed25519 AAAA root@web"],
  });
  await redis.run(forgetSeed(record.uuid, new Date()));
  expect(await reading()).toEqual({ hostKeys: [] });
});
