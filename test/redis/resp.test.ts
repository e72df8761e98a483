import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeCommands } from "../../src/redis/resp.ts";
import { type RedisServer, startRedis } from "./redis-server.ts";

let folder: string;
let redis: RedisServer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "waifuctl-redis-"));
  redis = await startRedis(folder);
});

afterAll(async () => {
  await redis.kill();
  await rm(folder, { recursive: true });
});

test("lengths count bytes", () => {
  expect(new TextDecoder().decode(encodeCommands([["SET", "ä", "\r\n"], ["EXEC"]]))).toBe(
    "*3\r\n$3\r\nSET\r\n$2\r\nä\r\n$2\r\n\r\n\r\n*1\r\n$4\r\nEXEC\r\n",
  );
});

test("redis-cli --pipe takes every byte, in one transaction", async () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
  const told = await redis.pipe([["MULTI"], ["HSET", "h", "all", bytes, "none", ""], ["EXEC"]]);
  expect(told).toContain("errors: 0, replies: 3");
  expect(await redis.cli("HSTRLEN", "h", "all")).toBe("256\n");
  expect(await redis.cli("HSTRLEN", "h", "none")).toBe("0\n");
  expect(await redis.cli("--no-raw", "HGET", "h", "all")).toContain("\\x00\\x01\\x02");
});
