import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { loadavg } from "node:os";
import { join } from "node:path";
import { seedFields } from "../../src/metadata/seed-fields.ts";
import { seedKey } from "../../src/metadata/seed-record.ts";
import { arpTable, macOf, seedOf, tokenOf } from "../metadata/server/samples.ts";
import { startRedis } from "../redis/redis-server.ts";
import type { Tally } from "./report.ts";
import { type Comparison, compare, type Timing } from "./timing.ts";

const ROUNDS = 11;
const GUESTS = 200;
const userData = Buffer.from("#cloud-config\n".padEnd(2048, "# two KiB of it\n"));

type Server = { readonly url: string; readonly pid: number; stop(): Promise<void> };

/** serve-metadata against one worker of nginx that serves the same bytes from a file, through the same client. */
export async function* measureMetadata(binary: string, folder: string): AsyncGenerator<Comparison | Tally> {
  const [ours, nginx] = [await startOurs(binary, folder), await startNginx(folder)];
  try {
    const few = await rssAfter(ours, 1_000);
    const load = { against: "one nginx worker", load: loadavg()[0] ?? 0 };
    const [mine, theirs] = await loadInTurns(ours.url, nginx.url);
    yield {
      ...load,
      what: "1,000 of user-data",
      limit: 1 / 0.9,
      ours: mine.thousand,
      reference: theirs.thousand,
    };
    yield { ...load, what: "user-data, its P99", limit: 2, ours: mine.p99, reference: theirs.p99 };
    yield await compare({
      what: `${GUESTS} guests at once`,
      against: "one nginx worker",
      rounds: ROUNDS,
      ours: () => guestsAtOnce(ours.url),
      reference: () => guestsAtOnce(nginx.url),
    });
    const many = await rssAfter(ours, 1_000_000);
    yield {
      what: "memory after 1,000,000",
      against: "after 1,000",
      limit: 1.2,
      oursBytes: many,
      referenceBytes: few,
    };
  } finally {
    await Promise.all([ours.stop(), nginx.stop()]);
  }
}

type Load = { readonly thousand: Timing[]; readonly p99: Timing[] };

/** The first round of each warms up. */
async function loadInTurns(...urls: [string, string]): Promise<[Load, Load]> {
  const loads: [Load, Load] = [
    { thousand: [], p99: [] },
    { thousand: [], p99: [] },
  ];
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [index, url] of urls.entries()) {
      const { perSecond, p99Ms } = await wrk(url, 2);
      if (round === 0) continue;
      loads[index]?.thousand.push({ totalMs: 1_000_000 / perSecond, phases: {} });
      loads[index]?.p99.push({ totalMs: p99Ms, phases: {} });
    }
  }
  return loads;
}

/** Throws unless every answer was good. */
async function wrk(
  url: string,
  seconds: number,
): Promise<{ perSecond: number; p99Ms: number; total: number }> {
  const child = Bun.spawn(["wrk", "-t1", "-c64", `-d${seconds}s`, "--latency", url], { stdout: "pipe" });
  const [text, exitCode] = await Promise.all([child.stdout.text(), child.exited]);
  const [, number = "", unit = ""] = /99%\s+([\d.]+)(us|ms|s)\b/.exec(text) ?? [];
  const perSecond = Number(/Requests\/sec:\s+([\d.]+)/.exec(text)?.[1]);
  const total = Number(/(\d+) requests in/.exec(text)?.[1]);
  if (exitCode !== 0 || /Non-2xx|Socket errors/.test(text) || !(perSecond > 0))
    throw new Error(`wrk: ${text}`);
  return { perSecond, p99Ms: Number(number) * ({ us: 0.001, ms: 1, s: 1000 }[unit] ?? Number.NaN), total };
}

/** A connection for each of cloud-init's requests. */
async function guestsAtOnce(url: string): Promise<Timing> {
  const startedAt = performance.now();
  const guest = async () => {
    for (let file = 0; file < 4; file++) {
      const response = await fetch(url, { headers: { Connection: "close" } });
      if ((await response.arrayBuffer()).byteLength !== userData.length)
        throw new Error(`${url}: ${response.status}`);
    }
  };
  await Promise.all(Array.from({ length: GUESTS }, guest));
  return { totalMs: performance.now() - startedAt, phases: {} };
}

async function rssAfter({ url, pid }: Server, requests: number): Promise<number> {
  if (requests <= 1_000) for (let done = 0; done < requests; done++) await (await fetch(url)).arrayBuffer();
  else for (let done = 0; done < requests; ) done += (await wrk(url, 5)).total;
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
}

async function startOurs(binary: string, folder: string): Promise<Server> {
  const redis = await startRedis(folder);
  const seed = seedOf(1, { files: { "user-data": userData } });
  const key = seedKey(seed.uuid);
  await redis.pipe([["HSET", key, ...seedFields(seed).flat()]]);
  const arp = join(folder, "arp");
  await writeFile(arp, arpTable(["127.0.0.1", macOf(1)]));
  const [port, metricsPort] = [await freePort(), await freePort()];
  const flags = {
    listen: `127.0.0.1:${port}`,
    metrics: `127.0.0.1:${metricsPort}`,
    redis: redis.socket,
    copy: join(folder, "copies"),
    leases: folder,
    arp,
    rate: "1000000",
  };
  const words = Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, value]);
  const child = Bun.spawn([binary, "serve-metadata", ...words], { env: {}, stderr: "ignore" });
  const url = `http://127.0.0.1:${port}/${tokenOf("A")}/user-data`;
  return await serverAt(url, child, () => redis.kill());
}

async function startNginx(folder: string): Promise<Server> {
  const port = await freePort();
  const root = join(folder, "www", tokenOf("A"));
  await mkdir(root, { recursive: true });
  await writeFile(join(root, "user-data"), userData);
  const conf = join(folder, "nginx.conf");
  await writeFile(
    conf,
    `daemon off; worker_processes 1; user root; pid ${folder}/nginx.pid; error_log stderr;
     events { worker_connections 4096; }
     http { access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000; open_file_cache max=10;
            server { listen 127.0.0.1:${port}; root ${folder}/www; } }`,
  );
  // What it serves lies in a folder that only root may enter.
  const child = Bun.spawn(["nginx", "-e", "stderr", "-c", conf], { stderr: "inherit" });
  const url = `http://127.0.0.1:${port}/${tokenOf("A")}/user-data`;
  return await serverAt(url, child);
}

/** Once it answers. */
async function serverAt(url: string, child: Bun.Subprocess, stopRest?: () => Promise<void>): Promise<Server> {
  await answering(url);
  return {
    url,
    pid: child.pid,
    async stop() {
      child.kill();
      await Promise.all([child.exited, stopRest?.()]);
    },
  };
}

async function answering(url: string): Promise<void> {
  for (const deadline = Date.now() + 10_000; ; await Bun.sleep(20)) {
    const response = await fetch(url).catch(() => undefined);
    if (response?.ok) return;
    if (Date.now() > deadline) throw new Error(`${url} gives ${response?.status ?? "no answer"}`);
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" ? (address?.port ?? 0) : 0;
}
