import { setTimeout as pause } from "node:timers/promises";
import { HashLink } from "../../redis/hash-link.ts";
import { seedKeyPrefix } from "../seed-record.ts";
import { BootRecords } from "./boot-records.ts";
import { Callers } from "./callers.ts";
import { createHandler } from "./handler.ts";
import { Metrics } from "./metrics.ts";
import { RateLimit } from "./rate-limit.ts";
import { Secrets } from "./secrets.ts";
import { SeedBook } from "./seed-book.ts";
import { SeedCopies } from "./seed-copies.ts";
import { SeedKeeper } from "./seed-keeper.ts";
import { createLog, type Log } from "./service-log.ts";
import { SessionTokens } from "./session-tokens.ts";

export type Endpoint = { readonly hostname: string; readonly port: number };

export type ServiceOptions = {
  readonly listen: Endpoint;
  readonly metrics: Endpoint;
  readonly redisSocket: string;
  readonly copyFolder: string;
  readonly leaseFolder: string;
  readonly arpFile: string;
  /** Requests a second that one guest may make. */
  readonly rate: number;
};

export type Service = {
  /** Where it listens, the ports being the real ones. */
  readonly url: URL;
  readonly metricsUrl: URL;
  /** Ends what is under way, and then itself. */
  stop(): Promise<void>;
};

/** A form with a guest's host keys is small. */
const maximumBodyBytes = 64 * 1024;
/** Bun also cuts off whoever has not sent a whole request within some 12 seconds of connecting, however busily it dribbles. */
const idleSeconds = 10;
const graceMs = 2_000;

/** Answers guests until it is stopped, whatever becomes of Redis. Waits for its address until `signal`, if need be. */
export async function startService(
  options: ServiceOptions,
  write: (line: string) => void,
  signal: AbortSignal,
): Promise<Service> {
  const log = createLog(write);
  const stopping = new AbortController();
  const [book, metrics] = [new SeedBook(), new Metrics()];
  const link = new HashLink(options.redisSocket, seedKeyPrefix);
  const copies = new SeedCopies(options.copyFolder, log);
  const keeper = new SeedKeeper(book, copies, link, log);
  const handle = createHandler({
    book,
    callers: new Callers(options),
    tokens: new SessionTokens(),
    rate: new RateLimit(options.rate),
    boots: new BootRecords(link),
    secrets: new Secrets(link, log),
    metrics,
    log,
  });
  await keeper.load();
  const following = link.follow(keeper, stopping.signal);
  const guests = await listen(log, signal, () =>
    Bun.serve({
      ...options.listen,
      idleTimeout: idleSeconds,
      maxRequestBodySize: maximumBodyBytes,
      development: false,
      fetch: (request, server) => handle(request, server.requestIP(request)?.address ?? ""),
      error: (error) => {
        log.refusal(`a request failed: ${error.message}`);
        return new Response("Internal Server Error\n", { status: 500 });
      },
    }),
  );
  const prometheus = Bun.serve({
    ...options.metrics,
    routes: { "/metrics": () => new Response(metrics.render({ isRedisUp: link.isUp, seeds: book.size })) },
    fetch: () => new Response("Not Found\n", { status: 404 }),
  });
  log.event(`listening on ${guests.url.host}`);
  return {
    url: guests.url,
    metricsUrl: new URL("/metrics", prometheus.url),
    async stop() {
      await Promise.race([guests.stop(), pause(graceMs, undefined, { ref: false })]);
      await Promise.all([guests.stop(true), prometheus.stop(true)]);
      stopping.abort();
      await following;
      await copies.settle();
    },
  };
}

/** The interface with the address may come later than we do. */
async function listen<T>(log: Log, signal: AbortSignal, serve: () => T): Promise<T> {
  for (let isFirst = true; ; isFirst = false) {
    try {
      return serve();
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EADDRNOTAVAIL")) throw error;
      if (isFirst) log.event("waiting for the address to listen on");
      await pause(500, undefined, { signal });
    }
  }
}
