import { exists, mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { toWaifuError } from "../../errors.ts";
import { parseSeedFields, seedFields } from "../seed-fields.ts";
import type { SeedRecord } from "../seed-record.ts";
import type { Log } from "./service-log.ts";

const copyName = /^([0-9a-f-]{36})\.seed(\.damaged)?$/;
const damagedPath = (path: string) => `${path}.damaged`;

/** What is kept on disk of every seed for the time that Redis is away: a file each, a checksum on its first line. */
export class SeedCopies {
  readonly #folder: string;
  readonly #log: Log;
  /** What was there when it was last written or read. */
  readonly #kept = new Set<string>();
  /** Guests of whom no more is known than that there was a copy. */
  readonly lost = new Set<string>();
  /** One write after the other: a removal must not overtake the write before it. */
  #work = Promise.resolve();

  constructor(folder: string, log: Log) {
    this.#folder = folder;
    this.#log = log;
  }

  /** All that are whole. A damaged one is set aside as `UUID.seed.damaged`; one that can't be read hides no other. */
  async load(): Promise<SeedRecord[]> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const seeds: SeedRecord[] = [];
    for (const name of await readdir(this.#folder)) {
      const [, uuid, isDamaged] = copyName.exec(name) ?? [];
      if (uuid === undefined) continue;
      const seed = isDamaged === undefined ? await this.#read(uuid) : undefined;
      if (seed !== undefined) seeds.push(seed);
      else this.lost.add(uuid);
    }
    for (const { uuid } of seeds) {
      this.#kept.add(uuid);
      this.lost.delete(uuid);
    }
    return seeds;
  }

  async #read(uuid: string): Promise<SeedRecord | undefined> {
    const path = this.#pathOf(uuid);
    try {
      const seed = decode(uuid, await readFile(path));
      if (seed !== undefined) return seed;
      await rename(path, damagedPath(path));
      this.#log.event(`the copy ${path} is damaged: set aside as ${damagedPath(path)}`);
    } catch (error) {
      this.#log.event(`the copy ${path} can't be read: ${toWaifuError(error).message}`);
    }
  }

  write(seed: SeedRecord): void {
    this.lost.delete(seed.uuid);
    this.#enqueue(`keep a copy of the seed of ${seed.name}`, async () => {
      const path = this.#pathOf(seed.uuid);
      const file = await open(`${path}.new`, "w", 0o600);
      try {
        await file.writeFile(encode(seed));
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(`${path}.new`, path);
      await rm(damagedPath(path), { force: true });
      this.#kept.add(seed.uuid);
    });
  }

  /** Whether somebody else removed it: an operator deleted the guest while Redis couldn't be told. */
  async isTakenAway(uuid: string): Promise<boolean> {
    await this.#work;
    return this.#kept.has(uuid) && !(await exists(this.#pathOf(uuid)));
  }

  remove(uuid: string): void {
    this.#kept.delete(uuid);
    this.lost.delete(uuid);
    this.#enqueue(`remove the copy of ${uuid}`, async () => {
      const path = this.#pathOf(uuid);
      for (const each of [path, damagedPath(path)]) await rm(each, { force: true });
    });
  }

  /** When all of it is on disk. */
  async settle(): Promise<void> {
    await this.#work;
  }

  #pathOf(uuid: string): string {
    return join(this.#folder, `${uuid}.seed`);
  }

  #enqueue(what: string, task: () => Promise<void>): void {
    this.#work = this.#work
      .then(task)
      .catch((error: unknown) => this.#log.event(`couldn't ${what}: ${toWaifuError(error).message}`));
  }
}

function encode(seed: SeedRecord): string {
  const fields = seedFields(seed).map(([field, value]) => [field, Buffer.from(value).toString("base64")]);
  const json = JSON.stringify(Object.fromEntries(fields));
  return `${sha256(json)}\n${json}\n`;
}

function decode(uuid: string, bytes: Buffer): SeedRecord | undefined {
  const [checksum, json = ""] = bytes.toString().split("\n");
  if (checksum !== sha256(json)) return undefined;
  const fields: Record<string, string> = JSON.parse(json);
  const decoded = Object.entries(fields).map(([field, value]) => [field, Buffer.from(value, "base64")]);
  const seed = parseSeedFields(uuid, Object.fromEntries(decoded));
  return seed === undefined || "deletedAt" in seed ? undefined : seed;
}

function sha256(text: string): string {
  return new Bun.CryptoHasher("sha256").update(text).digest("hex");
}
