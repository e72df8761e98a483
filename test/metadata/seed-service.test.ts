import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command } from "../../src/command.ts";
import { parseBootRecord, readBootRecord } from "../../src/metadata/boot-record.ts";
import { seedRecord } from "../../src/metadata/seed.ts";
import { parseSeedFields } from "../../src/metadata/seed-fields.ts";
import type { SeedHistory } from "../../src/metadata/seed-history.ts";
import { bootKey, seedKey } from "../../src/metadata/seed-record.ts";
import { forgetSeed, storeSeed } from "../../src/metadata/seed-service.ts";
import { redisSocket } from "../../src/metadata/service-paths.ts";

const folder = mkdtempSync(join(tmpdir(), "waifu-redis-"));
const socket = join(folder, "redis.sock");
let server: Bun.Subprocess<"ignore", "pipe">;

beforeAll(async () => {
  server = Bun.spawn(["redis-server", "--port", "0", "--unixsocket", socket, "--save", "", "--dir", folder], {
    stdin: "ignore",
    stdout: "pipe",
  });
  const decoder = new TextDecoder();
  for await (const chunk of server.stdout) {
    if (decoder.decode(chunk).includes("Ready to accept connections unix")) break;
    if (decoder.decode(chunk).includes("ready to accept connections at")) break;
  }
});

afterAll(async () => {
  server.kill();
  await server.exited;
  rmSync(folder, { recursive: true });
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

/** Runs a command as a node would, on the Redis of this test. */
function run({ argv, stdin }: Command): { exitCode: number; stderr: string } {
  const words = argv.map((word) => (word === redisSocket ? socket : word));
  const { exitCode, stderr } = Bun.spawnSync(words, {
    stdin: stdin instanceof Uint8Array ? stdin : undefined,
  });
  return { exitCode, stderr: stderr.toString() };
}

function read(): Record<string, Uint8Array> {
  const json = Bun.spawnSync(["redis-cli", "-s", socket, "--json", "HGETALL", seedKey(record.uuid)]).stdout;
  const fields: Record<string, string> = JSON.parse(json.toString());
  return Object.fromEntries(
    Object.entries(fields).map(([field, value]) => [field, new TextEncoder().encode(value)]),
  );
}

test("a seed is stored whole, over the one before it; a deleted one leaves its tombstone alone", () => {
  expect(
    run(storeSeed({ ...record, files: { ...record.files, "network-config": new Uint8Array([52]) } })),
  ).toEqual({
    exitCode: 0,
    stderr: "",
  });
  expect(run(storeSeed({ ...record, generation: 2 })).exitCode).toBe(0);
  expect(parseSeedFields(record.uuid, read())).toEqual({ ...record, generation: 2 });
  expect(run(forgetSeed(record.uuid, new Date("2026-01-02T03:04:05Z"))).exitCode).toBe(0);
  expect(parseSeedFields(record.uuid, read())).toEqual({
    uuid: record.uuid,
    deletedAt: "2026-01-02T03:04:05.000Z",
  });
});

test("what Redis refuses fails, and changes nothing", () => {
  const before = read();
  Bun.spawnSync(["redis-cli", "-s", socket, "CONFIG", "SET", "maxmemory", "1"]);
  const refused = run(storeSeed(record));
  Bun.spawnSync(["redis-cli", "-s", socket, "CONFIG", "SET", "maxmemory", "0"]);
  expect(refused.exitCode).toBe(1);
  expect(read()).toEqual(before);
});

test("a Redis that is not there fails", () => {
  const { argv, ...rest } = storeSeed(record);
  expect(run({ ...rest, argv: [argv[0], "-s", `${socket}.gone`, "--pipe"] }).exitCode).toBe(1);
});

test("a boot is read as the service writes it, and is gone with its seed", () => {
  const reading = () => {
    const { argv } = readBootRecord(record.uuid);
    const words = argv.map((word) => (word === redisSocket ? socket : word));
    return parseBootRecord(Bun.spawnSync(words).stdout.toString());
  };
  expect(reading()).toEqual({ hostKeys: [] });
  const fields = ["metaDataAt", "2026-01-02T03:04:05.000Z", "hostKeys", '["ssh-ed25519 AAAA root@web"]'];
  Bun.spawnSync(["redis-cli", "-s", socket, "HSET", bootKey(record.uuid), ...fields]);
  expect(reading()).toEqual({
    metaDataAt: "2026-01-02T03:04:05.000Z",
    hostKeys: ["ssh-ed25519 AAAA root@web"],
  });
  expect(run(forgetSeed(record.uuid, new Date())).exitCode).toBe(0);
  expect(reading()).toEqual({ hostKeys: [] });
});
