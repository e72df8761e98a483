import { afterEach, beforeEach, expect, setSystemTime, test } from "bun:test";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { storeSecrets } from "../../../src/metadata/secret-service.ts";
import { bootKey } from "../../../src/metadata/seed-record.ts";
import { arpTable, macOf, seedOf, tokenOf } from "./samples.ts";
import { Served } from "./served.ts";
import { askFrom } from "./wire.ts";

const { uuid } = seedOf(1);
const hourMs = 3_600_000;
const guest = "127.0.0.1";
let served: Served;

beforeEach(async () => {
  served = await Served.withGuest();
  const lease = {
    "ip-address": guest,
    "mac-address": macOf(1),
    "expiry-time": Math.ceil(Date.now() / 1000) + 600,
  };
  await writeFile(join(served.folder, "virbr0.status"), JSON.stringify([lease]));
});

afterEach(async () => {
  setSystemTime();
  await served.close();
});

const ask = (line: string, ...headers: string[]) => askFrom(served, guest, line, ...headers);
const bootedAt = async () => Date.parse((await served.redis.cli("HGET", bootKey(uuid), "metaDataAt")).trim());

// Of the wall clock alone, as when somebody sets it; what measures a time that passes goes by the other one.
test.each([
  ["forwards", hourMs],
  ["back", -hourMs],
])("a clock that jumps an hour %s shuts nobody out, and lets nobody in", async (_, jumpMs) => {
  const ttl = "X-aws-ec2-metadata-token-ttl-seconds: 600";
  const [, session] = await ask("PUT /latest/api/token", ttl);
  const tree = () => ask("GET /latest/user-data", `X-aws-ec2-metadata-token: ${session}`);
  await served.redis.run(
    storeSecrets(uuid, tokenOf("A"), [{ key: "pw", value: Buffer.from("x"), once: false }]),
  );
  expect(await ask(`HEAD /${tokenOf("A")}/meta-data`)).toEqual([200, ""]);
  expect(await tree()).toEqual([200, "#user 1\n"]);

  const jumpedMs = Date.now() + jumpMs;
  setSystemTime(jumpedMs);
  // Neither a session's end, nor a lease's, nor the last second's table.
  expect(await tree()).toEqual([200, "#user 1\n"]);
  expect(await ask(`GET /${tokenOf("A")}/user-data`)).toEqual([200, "#user 1\n"]);
  expect(await ask(`GET /${tokenOf("B")}/user-data`)).toEqual([404, "Not Found\n"]);
  expect(await ask(`GET /${tokenOf("A")}/secrets/pw`)).toEqual([200, "x"]);
  // The next boot is told, though it seems to be in the past.
  expect(await ask(`HEAD /${tokenOf("A")}/meta-data`)).toEqual([200, ""]);
  expect(await bootedAt()).toBe(jumpedMs);

  // An edit is known by its generation, not by any time.
  await served.put(seedOf(1, { generation: 2, files: { "user-data": Buffer.from("#edited\n") } }));
  await served.log.until("guest-1: generation 2");
  expect(await tree()).toEqual([200, "#edited\n"]);

  // Whoever has another card now is none of ours.
  await writeFile(join(served.folder, "arp"), arpTable([guest, macOf(2)]));
  setSystemTime(jumpedMs + 1_500);
  expect((await tree())[0]).toBe(404);
});

test.each([
  ["forwards", hourMs],
  ["back", -hourMs],
])("who asked too much is served again soon after a jump %s", async (_, jumpMs) => {
  await served.stopService();
  await served.startService({ rate: 5 });
  const many = await Promise.all(Array.from({ length: 50 }, () => served.userData()));
  expect(many.map(([status]) => status)).toContain(429);
  setSystemTime(Date.now() + jumpMs);
  while ((await served.userData())[0] !== 200);
});
