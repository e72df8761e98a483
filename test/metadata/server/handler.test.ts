import { afterAll, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BootRecords } from "../../../src/metadata/server/boot-records.ts";
import { Callers } from "../../../src/metadata/server/callers.ts";
import { createHandler } from "../../../src/metadata/server/handler.ts";
import { Metrics } from "../../../src/metadata/server/metrics.ts";
import { RateLimit } from "../../../src/metadata/server/rate-limit.ts";
import { Secrets } from "../../../src/metadata/server/secrets.ts";
import { SeedBook } from "../../../src/metadata/server/seed-book.ts";
import { SessionTokens } from "../../../src/metadata/server/session-tokens.ts";
import { arpTable, macOf, RecordingLog, seedOf, tokenOf } from "./samples.ts";

const folder = mkdtempSync(join(tmpdir(), "waifuctl-handler-"));
const arpFile = join(folder, "arp");
/** Guests 1 and 2 with a seed, 3 without. */
const [first, second, third, nobody] = ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.9"];
writeFileSync(arpFile, arpTable([first, macOf(1)], [second, macOf(2)], [third, macOf(3)]));

let book: SeedBook;
let callers: Callers;
let metrics: Metrics;
let log: RecordingLog;
let written: [string, Record<string, string>][];
let isRedisUp: boolean;
let nowMs: number;
let ask: (path: string, address?: string, init?: RequestInit) => Promise<Response>;

beforeEach(() => {
  [book, metrics, log, written, isRedisUp, nowMs] = [
    new SeedBook(),
    new Metrics(),
    new RecordingLog(),
    [],
    true,
    0,
  ];
  book.isComplete = true;
  book.set(seedOf(1));
  book.set(seedOf(2));
  const link = {
    async set(key: string, fields: Readonly<Record<string, string>>) {
      if (!isRedisUp) throw new Error("Redis is away");
      written.push([key, { ...fields }]);
    },
  };
  const now = () => nowMs;
  callers = new Callers({ arpFile, leaseFolder: folder });
  const handle = createHandler({
    book,
    callers,
    tokens: new SessionTokens(now),
    rate: new RateLimit(10),
    boots: new BootRecords(link, () => new Date(nowMs)),
    secrets: new Secrets({ run: async () => null }, log),
    metrics,
    log,
    now,
  });
  ask = async (path, address = first, init = {}) =>
    await handle(new Request(`http://169.254.169.254${path}`, init), address);
});

afterAll(() => rmSync(folder, { recursive: true }));

const bytesOf = async (response: Response) => ({
  status: response.status,
  headers: [...response.headers],
  body: await response.text(),
});

test("a guest reads its own files, and what is absent is empty", async () => {
  expect(await (await ask(`/${tokenOf("A")}/user-data`)).text()).toBe("#user 1\n");
  expect(await (await ask(`/${tokenOf("B")}/meta-data`, second)).text()).toBe("instance-id: 2\n");
  for (const name of ["vendor-data", "network-config"]) {
    const response = await ask(`/${tokenOf("A")}/${name}`);
    expect([response.status, await response.text()]).toEqual([200, ""]);
  }
});

test("Amazon's client begins with two slashes", async () => {
  const headers = { "X-aws-ec2-metadata-token-ttl-seconds": "60" };
  expect((await ask("//latest/api/token", first, { method: "PUT", headers })).status).toBe(200);
});

test("bytes go out as they are", async () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
  book.set(seedOf(1, { files: { "user-data": bytes } }));
  expect(new Uint8Array(await (await ask(`/${tokenOf("A")}/user-data`)).arrayBuffer())).toEqual(bytes);
});

const strangers: [what: string, path: string, address: string, method?: string][] = [
  ["no token at all", "/meta-data", first],
  ["a wrong token", `/${tokenOf("Z")}/meta-data`, first],
  ["another guest's token", `/${tokenOf("B")}/meta-data`, first],
  ["its own token and another's address", `/${tokenOf("A")}/user-data`, second],
  ["a guest without a seed", `/${tokenOf("A")}/meta-data`, third],
  ["somebody who is no neighbour", `/${tokenOf("A")}/meta-data`, nobody],
  ["no address", `/${tokenOf("A")}/meta-data`, ""],
  ["phone-home with another's token", `/${tokenOf("B")}/phone-home`, first, "POST"],
  ["an unknown file", `/${tokenOf("A")}/secrets`, first],
  ["a path that climbs", `/${tokenOf("A")}/..%2f${tokenOf("B")}/meta-data`, first],
  ["two slashes", `/${tokenOf("A")}//meta-data`, first],
  ["a slash at the end", `/${tokenOf("A")}/meta-data/`, first],
  ["a file written to", `/${tokenOf("A")}/user-data`, first, "POST"],
  ["phone-home read", `/${tokenOf("A")}/phone-home`, first],
  ["an EC2 path by somebody without a seed", "/latest/meta-data/", third],
  ["an EC2 token for somebody who is no neighbour", "/latest/api/token", nobody, "PUT"],
  ["an EC2 path written to", "/latest/user-data", first, "PUT"],
  ["an EC2 token asked with POST", "/latest/api/token", first, "POST"],
];

test.each(strangers)("%s: the same 404 as for everything", async (_, path, address, method = "GET") => {
  const plain = await bytesOf(await ask("/", nobody));
  expect(plain).toMatchObject({ status: 404, body: "Not Found\n" });
  expect(await bytesOf(await ask(path, address, { method }))).toEqual(plain);
  expect(written).toEqual([]);
});

test("while Redis is away whoever we don't know is told to come again, all alike, and a known guest is served", async () => {
  book.isComplete = false;
  const refusals = strangers.filter(([what]) => !/unknown file|climbs|slash|written|read$|POST/.test(what));
  for (const [what, path, address, method = "GET"] of refusals) {
    const response = await ask(path, address, { method });
    expect([what, response.status, response.headers.get("retry-after")]).toEqual([what, 503, "2"]);
    nowMs += 1000;
  }
  expect((await ask(`/${tokenOf("A")}/meta-data`)).status).toBe(200);
});

test("a deleted guest's token opens nothing", async () => {
  book.remove(seedOf(1).uuid);
  expect((await ask(`/${tokenOf("A")}/meta-data`)).status).toBe(404);
});

test("what was served a moment ago is served to nobody else, and not after an edit", async () => {
  const path = `/${tokenOf("A")}/user-data`;
  for (let time = 0; time < 2; time++) expect(await (await ask(path)).text()).toBe("#user 1\n");
  expect((await ask(path, second)).status).toBe(404);
  expect((await ask(path, first, { method: "POST" })).status).toBe(404);
  book.set(seedOf(1, { files: { "user-data": Buffer.from("#edited") } }));
  expect(await (await ask(path)).text()).toBe("#edited");
  book.remove(seedOf(1).uuid);
  expect((await ask(path)).status).toBe(404);
});

test("an EC2 path needs its token each time", async () => {
  const ttl = { "X-aws-ec2-metadata-token-ttl-seconds": "60" };
  const token = await (await ask("/latest/api/token", first, { method: "PUT", headers: ttl })).text();
  const headers = { "X-aws-ec2-metadata-token": token };
  expect((await ask("/latest/user-data", first, { headers })).status).toBe(200);
  expect((await ask("/latest/user-data")).status).toBe(401);
});

test("whoever takes over an address gets nothing of what was served there, a second later", async () => {
  const path = `/${tokenOf("A")}/user-data`;
  expect((await ask(path)).status).toBe(200);
  const table = readFileSync(arpFile, "utf8");
  writeFileSync(arpFile, arpTable([first, macOf(2)]));
  callers.refresh();
  nowMs += 1000;
  expect((await ask(path)).status).toBe(404);
  writeFileSync(arpFile, table);
});

test("a guest that came a moment ago is found", async () => {
  await ask("/", nobody);
  writeFileSync(
    arpFile,
    arpTable([first, macOf(1)], [second, macOf(2)], [third, macOf(3)], [nobody, macOf(1)]),
  );
  expect((await ask(`/${tokenOf("A")}/meta-data`, nobody)).status).toBe(200);
  writeFileSync(arpFile, arpTable([first, macOf(1)], [second, macOf(2)], [third, macOf(3)]));
});

test.each([
  ["an EC2 token through a proxy", 403, "PUT", "/latest/api/token"],
  ["an EC2 path through a proxy", 403, "GET", "/latest/meta-data/"],
  ["an odd method", 405, "DELETE", `/${tokenOf("A")}/meta-data`],
  ["another", 405, "PROPFIND", "/latest/meta-data/"],
])("%s: %d", async (_, status, method, path) => {
  const headers = { "X-Forwarded-For": "10.0.0.1", "X-aws-ec2-metadata-token-ttl-seconds": "60" };
  expect((await ask(path, first, { method, headers })).status).toBe(status);
});

test("too many requests of one guest are put off, and only its own", async () => {
  const statuses = await Promise.all(Array.from({ length: 30 }, () => ask(`/${tokenOf("A")}/meta-data`)));
  expect(statuses.filter(({ status }) => status === 200)).toHaveLength(20);
  expect(statuses.at(-1)?.headers.get("retry-after")).toBe("1");
  expect((await ask(`/${tokenOf("B")}/meta-data`, second)).status).toBe(200);
  nowMs += 1000;
  expect((await ask(`/${tokenOf("A")}/meta-data`)).status).toBe(200);
});

test("reading meta-data is recorded, once in a while", async () => {
  await ask(`/${tokenOf("A")}/meta-data`);
  await ask(`/${tokenOf("A")}/meta-data`);
  nowMs += 60_000;
  await ask(`/${tokenOf("A")}/meta-data`);
  const key = `waifu:boot:${seedOf(1).uuid}`;
  expect(written).toEqual([
    [key, { metaDataAt: "1970-01-01T00:00:00.000Z" }],
    [key, { metaDataAt: "1970-01-01T00:01:00.000Z" }],
  ]);
});

/** As cloud-init 22.4.2 sends it. */
const form = new URLSearchParams({
  pub_key_rsa: "N/A",
  pub_key_ecdsa: "ecdsa-sha2-nistp256 AAAAE2Vj root@guest-1\n",
  pub_key_ed25519: "ssh-ed25519 AAAAC3Nz root@guest-1",
  instance_id: "1",
  hostname: "guest-1",
  fqdn: "guest-1.lan",
  pub_key_evil: "<script>",
});

test("phoning home brings the host keys", async () => {
  const response = await ask(`/${tokenOf("A")}/phone-home`, first, { method: "POST", body: form });
  expect([response.status, await response.text()]).toEqual([200, ""]);
  const hostKeys = JSON.stringify(["ecdsa-sha2-nistp256 AAAAE2Vj", "ssh-ed25519 AAAAC3Nz"]);
  expect(written).toEqual([
    [`waifu:boot:${seedOf(1).uuid}`, { phoneHomeAt: "1970-01-01T00:00:00.000Z", hostKeys }],
  ]);
});

test("phoning home while Redis is away is to be tried again", async () => {
  isRedisUp = false;
  const response = await ask(`/${tokenOf("A")}/phone-home`, first, { method: "POST", body: form });
  expect([response.status, response.headers.get("retry-after")]).toEqual([503, "2"]);
});

test("no token is ever told, in the log or the metrics", async () => {
  for (const [, path, address, method] of strangers) await ask(path, address, { method });
  await ask(`/${tokenOf("A")}/meta-data`);
  const told = [...log.lines, metrics.render({ isRedisUp: true, seeds: 2 })].join("\n");
  expect(told).toContain(`refused ${nobody} (no known neighbour): no-neighbour`);
  expect(told).toContain(`refused ${first} (${macOf(1)}): wrong-token`);
  expect(told).toContain('waifu_metadata_refusals_total{reason="no-seed"} 2');
  expect(told).not.toMatch(/[AB]{43}|ZZZ/);
});
