import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SeedRecord } from "../../../src/metadata/seed-record.ts";
import { forgetSeed, storeSeed } from "../../../src/metadata/seed-service.ts";
import { type Service, type ServiceOptions, startService } from "../../../src/metadata/server/service.ts";
import { type RedisServer, startRedis } from "../../redis/redis-server.ts";
import { type ArpRow, arpTable, macOf, RecordingLog, seedOf, tokenOf } from "./samples.ts";

/** A service in a folder of its own, whose one neighbour, unless others are named, is guest 1 at 127.0.0.1. */
export class Served {
  readonly folder: string;
  readonly log = new RecordingLog();
  #service: Service | undefined;
  #redis: RedisServer | undefined;

  static async open(...neighbours: ArpRow[]): Promise<Served> {
    const folder = await mkdtemp(join(tmpdir(), "waifuctl-served-"));
    const rows: ArpRow[] = neighbours.length === 0 ? [["127.0.0.1", macOf(1)]] : neighbours;
    await writeFile(join(folder, "arp"), arpTable(...rows));
    return new Served(folder);
  }

  /** With Redis, and the seed of guest 1. */
  static async withGuest(): Promise<Served> {
    const served = await Served.open();
    await served.putGuest();
    return served;
  }

  private constructor(folder: string) {
    this.folder = folder;
  }

  get copyFolder(): string {
    return join(this.folder, "copies");
  }

  get service(): Service {
    if (this.#service === undefined) throw new Error("the service was not started");
    return this.#service;
  }

  get redis(): RedisServer {
    if (this.#redis === undefined) throw new Error("Redis was not started");
    return this.#redis;
  }

  async startRedis(...settings: string[]): Promise<void> {
    this.#redis = await startRedis(this.folder, ...settings);
  }

  async startService(change: Partial<ServiceOptions> = {}): Promise<void> {
    this.#service = await startService(
      {
        listen: { hostname: "127.0.0.1", port: 0 },
        metrics: { hostname: "127.0.0.1", port: 0 },
        redisSocket: join(this.folder, "redis.sock"),
        copyFolder: this.copyFolder,
        leaseFolder: this.folder,
        arpFile: join(this.folder, "arp"),
        rate: 1_000_000,
        ...change,
      },
      this.log.event,
      new AbortController().signal,
    );
  }

  async startBoth(): Promise<void> {
    await this.startRedis();
    await this.startService();
    await this.log.until("Redis is there");
  }

  async putGuest(): Promise<void> {
    await this.startBoth();
    await this.put(seedOf(1));
    await this.log.until("guest-1: generation 1");
  }

  async put(seed: SeedRecord): Promise<void> {
    await this.redis.run(storeSeed(seed));
  }

  async bury({ uuid }: SeedRecord): Promise<void> {
    await this.redis.run(forgetSeed(uuid, new Date()));
  }

  /** What guest 1 gets: the status, and a good answer's text. */
  async userData(letter = "A"): Promise<[status: number, text: string]> {
    const response = await fetch(new URL(`/${tokenOf(letter)}/user-data`, this.service.url));
    const text = await response.text();
    return [response.status, response.ok ? text : ""];
  }

  async metrics(): Promise<string> {
    return await (await fetch(this.service.metricsUrl)).text();
  }

  async stopService(): Promise<void> {
    await this.#service?.stop();
    this.#service = undefined;
  }

  async close(): Promise<void> {
    await this.stopService();
    await this.#redis?.kill();
    await rm(this.folder, { recursive: true });
  }
}
