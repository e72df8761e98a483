import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { seedOf } from "./samples.ts";
import { Served } from "./served.ts";

const guest = seedOf(1);
let served: Served;

beforeEach(async () => {
  served = await Served.open();
});

afterEach(() => served.close());

test.each([
  ["a flipped byte", (bytes: Buffer) => Buffer.from(bytes).fill("x", 100, 101)],
  ["a short one", (bytes: Buffer) => bytes.subarray(0, 90)],
  ["an empty one", () => Buffer.alloc(0)],
])("a damaged copy, %s, is set aside and not served", async (_, damage) => {
  await served.putGuest();
  await served.redis.kill();
  await served.stopService();
  const path = join(served.copyFolder, `${guest.uuid}.seed`);
  await writeFile(path, damage(await readFile(path)));
  await served.startService();
  await served.log.until("is damaged: set aside");
  expect(await served.userData()).toEqual([503, ""]);
  expect(await readdir(served.copyFolder)).toEqual([`${guest.uuid}.seed.damaged`]);
  // It was a guest's: 404 would make a new one of it.
  await served.startRedis();
  await served.log.until(`have lost the seed of ${guest.uuid}`);
  expect(await served.userData()).toEqual([503, ""]);
  await served.stopService();
  await served.startService();
  await served.log.until(`have lost the seed of ${guest.uuid}`);
  expect(await served.userData()).toEqual([503, ""]);
  await served.put(guest);
  await served.log.until("guest-1: generation 1");
  expect(await served.userData()).toEqual([200, "#user 1\n"]);
  expect(await served.userData("Z")).toEqual([404, ""]);
  await served.stopService();
  expect(await readdir(served.copyFolder)).toEqual([`${guest.uuid}.seed`]);
});

test("a guest whose copy was damaged is forgotten when it is deleted", async () => {
  await served.putGuest();
  await served.redis.kill();
  await served.stopService();
  await writeFile(join(served.copyFolder, `${guest.uuid}.seed`), "");
  await served.startRedis();
  await served.startService();
  await served.log.until("have lost the seed");
  await served.bury(guest);
  // The tombstone has been worked off by the time that this has.
  await served.put(seedOf(2));
  await served.log.until("guest-2: generation 1");
  expect(await served.userData()).toEqual([404, ""]);
  await served.stopService();
  expect(await readdir(served.copyFolder)).toEqual([`${seedOf(2).uuid}.seed`]);
});

test("a copy that is damaged while the service runs is written anew from Redis", async () => {
  await served.putGuest();
  await served.redis.kill();
  await served.stopService();
  await served.startService();
  await writeFile(join(served.copyFolder, `${guest.uuid}.seed`), "damaged");
  expect(await served.userData()).toEqual([200, "#user 1\n"]);
  await served.startRedis();
  await served.log.until("put the seed of guest-1 back");
  await served.stopService();
  await served.startService();
  await served.log.until("is damaged: set aside");
  await served.log.until("guest-1: generation 1");
  await served.redis.kill();
  await served.stopService();
  await served.startService();
  expect(await served.userData()).toEqual([200, "#user 1\n"]);
});

test("a copy that can't be read hides no other", async () => {
  await served.putGuest();
  await served.redis.kill();
  await served.stopService();
  // Of any user, a folder is what can't be read.
  await mkdir(join(served.copyFolder, `${seedOf(2).uuid}.seed`));
  await served.startService();
  await served.log.until(`${seedOf(2).uuid}.seed can't be read`);
  expect(await served.userData()).toEqual([200, "#user 1\n"]);
});

test("a copy that can't be written is told, and the seed is served", async () => {
  await served.startBoth();
  await writeFile(join(served.copyFolder, "x"), "");
  // A folder stands where the copy would be written.
  await Bun.write(join(served.copyFolder, `${guest.uuid}.seed.new`, "x"), "");
  await served.put(guest);
  await served.log.until("couldn't keep a copy of the seed of guest-1");
  expect(await served.userData()).toEqual([200, "#user 1\n"]);
});

test("a folder for copies that can't be made is told, and Redis suffices", async () => {
  await writeFile(served.copyFolder, "");
  await served.startBoth();
  await served.put(guest);
  await served.log.until("guest-1: generation 1");
  expect(await served.userData()).toEqual([200, "#user 1\n"]);
  expect(served.log.lines[0]).toStartWith("the copies can't be read: ");
});
