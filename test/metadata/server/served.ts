import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seedFields } from "../../../src/metadata/seed-fields.ts";
import { type SeedRecord, seedKey } from "../../../src/metadata/seed-record.ts";
import { type Service, startService } from "../../../src/metadata/server/service.ts";
import { type RedisServer, startRedis } from "../../redis/redis-server.ts";
import { arpTable, macOf, RecordingLog, tokenOf } from "./samples.ts";

/** A service in a folder of its own, whose one neighbour, 127.0.0.1, is guest 1. */
export class Served {
  readonly folder: string;
  readonly log = new RecordingLog();
  #service: Service | undefined;
  #redis: RedisServer | undefined;

  static async open(): Promise<Served> {
    const folder = await mkdtemp(join(tmpdir(), "waifuctl-served-"));
    await writeFile(join(folder, "arp"), arpTable(["127.0.0.1", macOf(1)]));
    return new Served(folder);
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

  async startService(): Promise<void> {
    this.#service = await startService(
      {
        listen: { hostname: "127.0.0.1", port: 0 },
        metrics: { hostname: "127.0.0.1", port: 0 },
        redisSocket: join(this.folder, "redis.sock"),
        copyFolder: this.copyFolder,
        leaseFolder: this.folder,
        arpFile: join(this.folder, "arp"),
        rate: 1_000_000,
      },
      this.log.event,
      new AbortController().signal,
    );
  }

  /** As the operator does it. */
  async put(seed: SeedRecord): Promise<void> {
    const key = seedKey(seed.uuid);
    await this.redis.pipe([["MULTI"], ["DEL", key], ["HSET", key, ...seedFields(seed).flat()], ["EXEC"]]);
  }

  async bury({ uuid }: SeedRecord): Promise<void> {
    const key = seedKey(uuid);
    await this.redis.pipe([
      ["MULTI"],
      ["DEL", key],
      ["HSET", key, "deleted", "2026-01-01T00:00:00Z"],
      ["EXEC"],
    ]);
  }

  /** What guest 1 gets: the status, and a good answer's text. */
  async userData(letter = "A"): Promise<[status: number, text: string]> {
    const response = await fetch(new URL(`/${tokenOf(letter)}/user-data`, this.service.url));
    const text = await response.text();
    return [response.status, response.ok ? text : ""];
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
