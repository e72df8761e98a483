import { afterEach, beforeEach, expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { parseReads, secretsKey } from "../../../src/metadata/secret-record.ts";
import {
  type GuestSecret,
  listReads,
  removeSecret,
  storeSecrets,
} from "../../../src/metadata/secret-service.ts";
import { seedOf, tokenOf } from "./samples.ts";
import { Served } from "./served.ts";

const { uuid } = seedOf(1);
const password = "correct horse battery staple";

let served: Served;

beforeEach(async () => {
  served = await Served.open();
  await served.startRedis();
  await served.put(seedOf(1));
  await served.put(seedOf(2));
  await served.startService();
  await served.log.until("Redis is there");
});

afterEach(async () => await served.close());

const give = async (...secrets: Partial<GuestSecret>[]) =>
  await served.redis.run(
    storeSecrets(
      uuid,
      tokenOf("A"),
      secrets.map((secret) => ({ key: "pw", value: Buffer.from(password), once: false, ...secret })),
    ),
  );

const ask = (path: string, letter = "A", init: RequestInit = {}) =>
  fetch(new URL(`/${tokenOf(letter)}/secrets/${path}`, served.service.url), init);

const readsOf = async () => parseReads(await served.redis.run(listReads(uuid)));

test("a guest lists its secrets and reads them, as often as it likes, and each read is recorded", async () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
  expect(await (await ask("")).text()).toBe("");
  await give({}, { key: "bytes", value: bytes });
  expect(await (await ask("")).text()).toBe("bytes\npw\n");
  expect(await readsOf()).toEqual([]);
  for (const _ of [1, 2]) {
    const response = await ask("pw");
    expect(await response.text()).toBe(password);
    expect(response.headers.get("cache-control")).toBe("no-store");
  }
  expect(new Uint8Array(await (await ask("bytes")).arrayBuffer())).toEqual(bytes);
  const reads = await readsOf();
  expect(reads.map(({ key, address }) => `${key} ${address}`)).toEqual([
    "pw 127.0.0.1",
    "pw 127.0.0.1",
    "bytes 127.0.0.1",
  ]);
  expect(Date.now() - Date.parse(reads[0]?.at ?? "")).toBeWithin(0, 60_000);
});

test("one that is for once is given to one of many who ask at the same time", async () => {
  await give({ once: true });
  expect((await ask("pw", "A", { method: "HEAD" })).status).toBe(404);
  const responses = await Promise.all(Array.from({ length: 20 }, () => ask("pw")));
  const texts = await Promise.all(responses.map((response) => response.text()));
  expect(texts.filter((text) => text === password)).toHaveLength(1);
  expect(texts.filter((text) => text === "Not Found\n")).toHaveLength(19);
  expect(await readsOf()).toHaveLength(1);
  expect(await (await ask("")).text()).toBe("");
});

test("what is taken away, or was never there, is not found, and leaves no trace", async () => {
  await give({}, { key: "other" });
  await served.redis.run(removeSecret(uuid, "pw"));
  for (const name of ["pw", "none", "..%2fpw", "a/b", "x".repeat(65)])
    expect((await ask(name)).status).toBe(404);
  expect((await ask("other", "A", { method: "POST" })).status).toBe(404);
  expect(await readsOf()).toEqual([]);
});

test("another guest's token opens nothing, not even whether something is there", async () => {
  await give({});
  const strange = await ask("pw", "B");
  expect([strange.status, await strange.text()]).toEqual([404, "Not Found\n"]);
  expect(await readsOf()).toEqual([]);
});

test("what was sealed for another guest, or under another name, is not given", async () => {
  await served.redis.run(
    storeSecrets(uuid, tokenOf("B"), [{ key: "pw", value: Buffer.from(password), once: false }]),
  );
  expect((await ask("pw")).status).toBe(500);
  await give({ key: "other" });
  await served.redis.cli(
    "HSET",
    secretsKey(uuid),
    "pw",
    await served.redis.cli("HGET", secretsKey(uuid), "other"),
  );
  expect((await ask("pw")).status).toBe(500);
  expect(served.log.lines.at(-1)).toBe("the secret pw of guest-1 is damaged in Redis");
});

test("only the last thousand reads are kept", async () => {
  await give({});
  const old = Array.from({ length: 1500 }, () => "{}");
  await served.redis.cli("RPUSH", `waifu:reads:${uuid}`, ...old);
  await ask("pw");
  expect(await served.redis.cli("LLEN", `waifu:reads:${uuid}`)).toBe("1000\n");
  expect(await readsOf()).toHaveLength(1);
});

test("with Redis away the guest is told to come again", async () => {
  await give({});
  await served.redis.kill();
  await served.log.until("Redis is away");
  for (const path of ["", "pw"]) {
    const response = await ask(path);
    expect([response.status, response.headers.get("retry-after")]).toEqual([503, "2"]);
  }
});

test("nothing of a deleted instance's secrets is left", async () => {
  await give({});
  await ask("pw");
  await served.bury(seedOf(1));
  expect((await served.redis.cli("KEYS", "*")).trim().split("\n").sort()).toEqual([
    `waifu:seed:${uuid}`,
    `waifu:seed:${seedOf(2).uuid}`,
  ]);
});

test("the value is nowhere but in the answer: not in Redis, the copies, the log or the metrics", async () => {
  await give({});
  expect(await (await ask("pw")).text()).toBe(password);
  await served.redis.cli("CONFIG", "SET", "rdbcompression", "no");
  await served.redis.cli("SAVE");
  const metrics = await served.metrics();
  await served.stopService();
  const files = [join(served.folder, "dump.rdb")];
  for (const name of await readdir(served.copyFolder)) files.push(join(served.copyFolder, name));
  expect(files.length).toBeGreaterThan(2);
  const texts = await Promise.all(files.map((file) => Bun.file(file).text()));
  const everything = [...texts, ...served.log.lines, metrics].join("\n");
  expect(everything).toContain(`waifu:secrets:${uuid}`);
  for (const part of [password, Buffer.from(password).toString("base64").slice(0, 20), tokenOf("A")])
    expect(everything).not.toContain(part);
});
