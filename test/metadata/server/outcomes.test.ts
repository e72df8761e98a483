import { afterEach, beforeEach, expect, test } from "bun:test";
import { macOf, seedOf, tokenOf } from "./samples.ts";
import { Served } from "./served.ts";
import { askFrom } from "./wire.ts";

/** Guests 1 and 2 with a seed, 3 without. */
const [first, second, third, nobody] = ["127.0.1.1", "127.0.1.2", "127.0.1.3", "127.0.1.9"];
const [mine, theirs] = [tokenOf("A"), tokenOf("B")];
const rate = 20;
let served: Served;

beforeEach(async () => {
  served = await Served.open([first, macOf(1)], [second, macOf(2)], [third, macOf(3)]);
  await served.startRedis();
  await served.put(seedOf(1));
  await served.put(seedOf(2));
});

afterEach(() => served.close());

const status = async (from: string, line: string, ...headers: string[]) =>
  (await askFrom(served, from, line, ...headers))[0];

/** `outcome` or `reason`, to its count. */
async function counters(): Promise<Record<string, number>> {
  const rows = (await served.metrics()).matchAll(/^waifu_metadata_re\w+_total\{\w+="([a-z-]+)"\} (\d+)$/gm);
  return Object.fromEntries([...rows].map(([, name = "", count]) => [name, Number(count)]));
}

test("each request is counted by what became of it, and no token is told", async () => {
  await served.startService({ rate });
  await served.log.until("Redis is there: 2 seeds");
  const ttl = "X-aws-ec2-metadata-token-ttl-seconds: 60";
  const [, session] = await askFrom(served, first, "PUT /latest/api/token", ttl);
  const [, signature = ""] = session.split(".");
  expect(signature).toHaveLength(43);
  const withSession = `X-aws-ec2-metadata-token: ${session}`;
  const statuses = [
    await status(first, `GET /${mine}/user-data`),
    await status(first, "GET /latest/meta-data/mac", withSession),
    await status(first, `GET /${mine}/none`),
    await status(first, `GET /${theirs}/user-data`),
    await status(third, `GET /${mine}/user-data`),
    await status(nobody, `GET /${mine}/user-data`),
    await status(nobody, "GET /latest/meta-data/", withSession),
    await status(second, "GET /latest/meta-data/mac", withSession),
    await status(first, "GET /latest/meta-data/mac", withSession, "X-Forwarded-For: 127.0.1.2"),
    await status(first, `DELETE /${mine}/user-data`),
    await status(first, "PUT /latest/api/token", "X-aws-ec2-metadata-token-ttl-seconds: 0"),
  ];
  expect(statuses).toEqual([200, 200, 404, 404, 404, 404, 404, 401, 403, 405, 400]);
  await served.redis.kill();
  await served.log.until("Redis is away");
  expect(await status(nobody, `GET /${mine}/user-data`)).toBe(503);
  expect(await status(first, `POST /${mine}/phone-home`, "Content-Length: 0")).toBe(503);

  const crowd = await Promise.all(
    Array.from({ length: 10 * rate }, () => status(second, `GET /${theirs}/user-data`)),
  );
  const [served200 = 0, limited = 0] = [200, 429].map(
    (code) => crowd.filter((status) => status === code).length,
  );
  expect(limited).toBeGreaterThan(0);
  expect(await counters()).toEqual({
    served: 2 + 1 + served200,
    limited,
    "not-found": 1,
    refused: 4,
    "not-known-yet": 1,
    unauthorized: 1,
    forwarded: 1,
    "bad-request": 2,
    failed: 1,
    "wrong-token": 1,
    "no-seed": 1,
    "no-neighbour": 3,
  });
  const count = /^waifu_metadata_request_seconds_count (\d+)$/m.exec(await served.metrics())?.[1];
  expect(Number(count)).toBe(14 + crowd.length);

  const told = [await served.metrics(), ...served.log.lines].join("\n");
  expect(told).toContain(`refused ${first} (${macOf(1)}): wrong-token`);
  for (const token of [mine, theirs, session, signature]) expect(told).not.toContain(token);
});
