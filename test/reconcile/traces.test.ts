import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm, utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { version } from "../../package.json";
import { renderCurrent } from "../../src/metadata/seed.ts";
import { seedDisk } from "../../src/metadata/seed-disk.ts";
import { addGeneration, type SeedHistory } from "../../src/metadata/seed-history.ts";
import { Metrics } from "../../src/metadata/server/metrics.ts";
import { parseTraces } from "../../src/reconcile/traces.ts";
import { readTraces } from "../../src/reconcile/traces-script.ts";
import { type RedisServer, startRedis } from "../redis/redis-server.ts";
import { RootedRunner } from "../rooted-runner.ts";
import { nodeConfig } from "../scripted-cluster.ts";
import { spec } from "../spec.ts";

const { uuid } = spec;
const other = "11111111-0000-4000-8000-000000000001";
const digest = "b".repeat(64);
const history: SeedHistory = {
  uuid,
  hostname: spec.name,
  sshKeys: [],
  current: {
    generation: 1,
    // What looks like a generation of its own must not be taken for one.
    userData: '#cloud-config\n# instance-id: x-g9 "current":{"generation":9\n',
    createdAt: "2026-01-02T03:04:05Z",
    createdBy: "tester@here",
  },
  earlier: [],
};
const { generation: _, ...again } = history.current;
const second = addGeneration(history, again);

let root: string;
let redis: RedisServer;
let metrics: Bun.Server<undefined>;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "waifu-traces-"));
  redis = await startRedis(root);
  metrics = Bun.serve({
    port: 0,
    fetch: () => new Response(new Metrics().render({ isRedisUp: true, seeds: 1 })),
  });
  await mkdir(join(root, "lock"));
});

afterAll(async () => {
  await metrics.stop(true);
  await redis.kill();
  await rm(root, { recursive: true });
});

async function look(words: { socket?: string; unit?: string; url?: string } = {}) {
  const command = readTraces(nodeConfig("n1"));
  const { socket = join(root, "no-socket"), unit = join(root, "no-unit"), url = "" } = words;
  const argv = command.argv.map((word) =>
    word.endsWith("redis.sock")
      ? socket
      : word.endsWith(".service")
        ? unit
        : word.startsWith("http:")
          ? url
          : word,
  );
  const [program = "sh", ...args] = argv;
  const { exitCode, stdout } = await new RootedRunner("n1", root).run({
    ...command,
    argv: [program, ...args],
  });
  expect(exitCode).toBe(0);
  return parseTraces(stdout);
}

const file = (...words: string[]) => join(root, "waifu", ...words);

test("a node without anything of ours has no traces", async () => {
  const { files, histories, redis, service, busyDigests } = await look();
  expect({ files, histories: [...histories], redis, service, busy: [...busyDigests] }).toEqual({
    files: [],
    histories: [],
    redis: undefined,
    service: undefined,
    busy: [],
  });
});

test("seeds come with their generation, by what they hold and not by what user-data says", async () => {
  await Bun.write(file("seeds", `${uuid}.json`), JSON.stringify(second));
  await Bun.write(file("seeds", `${uuid}.img`), seedDisk(renderCurrent(history)));
  await Bun.write(file("seeds", `${other}.json`), JSON.stringify(second).slice(0, 40));
  await Bun.write(file("seeds", `${other}.img.new`), "");
  const { files, histories, seedDisks } = await look();
  expect(files).toHaveLength(4);
  expect([...histories].sort()).toEqual([
    [other, undefined],
    [uuid, 2],
  ]);
  expect([...seedDisks]).toEqual([[uuid, 1]]);
});

test("a history that an older waifuctl wrote has its generation after the text", async () => {
  const { generation, ...rest } = second.current;
  await Bun.write(
    file("seeds", `${uuid}.json`),
    JSON.stringify({ ...second, current: { ...rest, generation } }),
  );
  expect((await look()).histories.get(uuid)).toBe(2);
});

test("an old temporary file is told to be held by who has it open, and what is locked to be at work", async () => {
  const part = file("images", `${digest}.part`);
  await Bun.write(part, "x");
  const old = new Date(Date.now() - 25 * 3_600_000);
  await utimes(part, old, old);
  const holder = Bun.spawn(
    ["flock", join(root, "lock", `waifu-${digest}.lock`), "sh", "-c", `exec 3<'${part}'; echo; read -r _`],
    {
      stdin: "pipe",
      stdout: "pipe",
    },
  );
  await holder.stdout.getReader().read();
  const held = await look();
  expect(held.files.find(({ path }) => path === part)).toEqual({ path: part, isStale: false });
  expect([...held.busyDigests]).toEqual([digest]);
  holder.stdin.end();
  await holder.exited;
  const left = await look();
  expect(left.files.find(({ path }) => path === part)).toEqual({ path: part, isStale: true });
  expect(left.busyDigests.size).toBe(0);
});

test("Redis tells seeds, tombstones and what else there is; one that does not answer is down", async () => {
  await redis.cli("HSET", `waifu:seed:${uuid}`, "generation", "3", "name", "x");
  await redis.cli("HSET", `waifu:seed:${other}`, "deleted", "2026-01-02T03:04:05Z");
  await redis.cli("HSET", "waifu:seed:odd", "name", "x");
  await redis.cli("HSET", "waifu:seed:back", "generation", "3", "restored", "2026-01-02T03:04:05Z");
  await redis.cli("HSET", `waifu:secrets:${other}`, "key", "value");
  const { redis: keys } = await look({ socket: redis.socket });
  if (typeof keys !== "object") throw new Error("Redis is there");
  expect([...keys.seeds].sort()).toEqual([
    [other, "deleted"],
    [uuid, 3],
    ["back", 3],
    ["odd", "damaged"],
  ]);
  expect([...keys.restored]).toEqual(["back"]);
  expect([...keys.others]).toEqual([other]);
  expect((await look({ unit: root })).redis).toBe("down");
});

test("a metadata service tells its version, or does not answer", async () => {
  expect((await look({ unit: root, url: metrics.url.href })).service).toEqual({ isUp: true, version });
  expect((await look({ unit: root, url: "http://127.0.0.1:1/" })).service).toEqual({
    isUp: false,
    version: "",
  });
});

// As libvirt 9.0.0 writes them in /etc/libvirt/qemu.
const definitions = [
  ["a", `  <uuid>${uuid}</uuid>`],
  ["a", "  <memory unit='KiB'>1048576</memory>"],
  ["a", "  <vcpu placement='static' current='2'>4</vcpu>"],
  ["a", "      <mac address='52:54:00:8D:9E:0F'/>"],
  ["b", `  <uuid>${other}</uuid>`],
  ["b", "  <memory unit='KiB'>2097152</memory>"],
  ["b", "  <vcpu placement='static'>1</vcpu>"],
].map(([name, line]) => `/etc/libvirt/qemu/${name}.xml:${line}\n`);

test("definitions tell what a domain has at its next start", () => {
  expect([...parseTraces(definitions.join("")).definitions]).toEqual([
    [uuid, { cpus: 2, memoryBytes: 1024 ** 3, macs: ["52:54:00:8d:9e:0f"] }],
    [other, { cpus: 1, memoryBytes: 2 * 1024 ** 3, macs: [] }],
  ]);
});
