import { afterEach, expect, test } from "bun:test";
import { hashToken, makeToken, type SeedRecord } from "../../../src/metadata/seed-record.ts";
import { type ArpRow, macOf, seedOf, tokenOf } from "./samples.ts";
import { Served } from "./served.ts";
import { askFrom } from "./wire.ts";

let served: Served;

afterEach(() => served.close());

const addressOf = (number: number) => `127.0.1.${number}`;

/** As many neighbours as there are seeds, each asking from its own address. */
async function serve(seeds: readonly SeedRecord[], rate = 100): Promise<void> {
  served = await Served.open(...seeds.map((seed, index): ArpRow => [addressOf(index + 1), seed.mac]), [
    "127.0.1.250",
    macOf(250),
  ]);
  await served.startRedis();
  for (const seed of seeds) await served.put(seed);
  await served.startService({ rate });
  await served.log.until(`Redis is there: ${seeds.length} seeds`);
}

const sessionToken = async (from: string) =>
  (await askFrom(served, from, "PUT /latest/api/token", "X-aws-ec2-metadata-token-ttl-seconds: 60"))[1];

test("two guests on one bridge: each gets its own, and nothing with the other's token", async () => {
  await serve([seedOf(1), seedOf(2)]);
  const [first, second, third] = [addressOf(1), addressOf(2), "127.0.1.250"];
  const file = (from: string, letter: string) => askFrom(served, from, `GET /${tokenOf(letter)}/user-data`);
  const asked = [file(first, "A"), file(second, "B"), file(first, "B"), file(second, "A"), file(third, "A")];
  const notFound = [404, "Not Found\n"];
  expect(await Promise.all(asked)).toEqual(
    [[200, "#user 1\n"], [200, "#user 2\n"], notFound, notFound, notFound].map(expect.objectContaining),
  );

  const [one, two] = [await sessionToken(first), await sessionToken(second)];
  const tree = (from: string, token: string) =>
    askFrom(served, from, "GET /latest/user-data", `X-aws-ec2-metadata-token: ${token}`);
  expect(await Promise.all([tree(first, one), tree(second, two)])).toEqual([
    [200, "#user 1\n"],
    [200, "#user 2\n"],
  ]);
  const crossed = await Promise.all([tree(first, two), tree(second, one), tree(third, one)]);
  expect(crossed.map(([status]) => status)).toEqual([401, 401, 404]);
});

test("two hundred guests that boot at once are all served, each its own, by the usual rate", async () => {
  const tokens = Array.from({ length: 200 }, makeToken);
  await serve(tokens.map((token, index) => seedOf(index + 1, { tokenHash: hashToken(token) })));
  /** As cloud-init does, one file after the other, and no second try. */
  const boot = async (token: string, index: number) => {
    const answers: string[] = [];
    for (const name of ["meta-data", "user-data", "vendor-data", "network-config"])
      answers.push((await askFrom(served, addressOf(index + 1), `GET /${token}/${name}`)).join(" "));
    return answers;
  };
  expect(await Promise.all(tokens.map(boot))).toEqual(
    tokens.map((_, index) => [`200 instance-id: ${index + 1}\n`, `200 #user ${index + 1}\n`, "200 ", "200 "]),
  );
});
