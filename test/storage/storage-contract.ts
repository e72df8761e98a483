import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Command } from "../../src/command.ts";
import type { StorageConfig } from "../../src/config/cluster-config.ts";
import { inspectImage, parseImageInfo } from "../../src/qemu/qemu-img.ts";
import type { Runner } from "../../src/ssh/runner.ts";
import type { Clone, DiskName, Storage, StorageInventory } from "../../src/storage/storage.ts";
import { storageOf } from "../../src/storage/storage-of.ts";

const MiB = 1024 ** 2;
const digest = "d".repeat(64);
const web: DiskName = { name: "web", uuid: "11111111-1111-4111-8111-111111111111" };
const other: DiskName = { name: "other", uuid: "22222222-2222-4222-8222-222222222222" };

export type StorageUnderTest = {
  readonly runner: Runner;
  readonly config: StorageConfig;
  tearDown(): Promise<void>;
};

/** What every kind of storage must do, on a real node with nothing of ours on it. A TCG machine is slow: deadlines are long. */
export function storageContract(kind: string, setUp: () => Promise<StorageUnderTest>): void {
  describe(`${kind} storage`, () => {
    let subject: StorageUnderTest;
    let storage: Storage;
    let image = "";

    beforeAll(async () => {
      subject = await setUp();
      storage = storageOf(subject.config);
      image = `/tmp/waifu-contract-${crypto.randomUUID()}.raw`;
      await succeed(["truncate", "-s", "16M", image]);
      await io("raw", image, "write -P 0x61 0 1M");
    }, 300_000);

    afterAll(async () => {
      await succeed(["rm", "-f", image]);
      await subject.tearDown();
    }, 300_000);

    async function run(...commands: Command[]): Promise<void> {
      for (const command of commands) {
        const result = await subject.runner.run(command);
        if (result.exitCode !== 0) throw new Error(`${command.argv.join(" ")}: ${result.stderr}`);
      }
    }

    async function succeed(argv: Command["argv"]): Promise<string> {
      const result = await subject.runner.run({ argv, timeoutMs: 60_000, repeatable: true });
      if (result.exitCode !== 0) throw new Error(`${argv.join(" ")}: ${result.stderr}${result.stdout}`);
      return result.stdout;
    }

    /** qemu-io says "Pattern verification failed" on stdout, with exit status 0 on old versions. */
    async function io(format: string, path: string, command: string): Promise<boolean> {
      const result = await subject.runner.run({
        argv: ["qemu-io", "-f", format, "-c", command, path],
        timeoutMs: 60_000,
        repeatable: true,
      });
      return result.exitCode === 0 && !result.stdout.includes("failed");
    }

    function disk(name: DiskName): [format: string, path: string] {
      const source = storage.diskSource(name);
      return [source.kind === "block" ? "raw" : source.format, source.path];
    }

    async function inventory(): Promise<StorageInventory> {
      return storage.parseInventory(await subject.runner.run(storage.inventory()));
    }

    async function clones(): Promise<Clone[]> {
      const found = storage.parseClones(await subject.runner.run(storage.clones()));
      return found.sort((a, b) => (a.name < b.name ? -1 : 1));
    }

    /** Whether a new clone would read what is in the image. */
    async function isTrue(): Promise<boolean> {
      const info = parseImageInfo(await succeed(inspectImage(image).argv));
      const results = await subject.runner.runAll(storage.compareTemplate(digest, info, image));
      return results.every(({ exitCode }) => exitCode === 0);
    }

    /** As a person with a wrong path in a `dd` would. */
    async function damage(): Promise<void> {
      const { config } = subject;
      const [format, path] =
        config.kind === "zfs"
          ? ["raw", `/dev/zvol/${config.pool}/waifu/templates/${digest}`]
          : ["qcow2", `${config.path}/templates/${digest}.qcow2`];
      expect(await io(format, path, "write -P 0x64 64k 512")).toBe(true);
    }

    async function install(): Promise<void> {
      const info = parseImageInfo(await succeed(inspectImage(image).argv));
      await run(
        ...storage.prepare(),
        ...storage.installTemplate({ digest, name: "tiny", virtualBytes: 16 * MiB }, info, image),
      );
    }

    test("an empty node has room and nothing else", async () => {
      const found = await inventory();
      expect(found).toMatchObject({ disks: [], templates: [] });
      expect(found.freeBytes).toBeGreaterThan(64 * MiB);
      expect(found.totalBytes).toBeGreaterThanOrEqual(found.freeBytes);
    }, 60_000);

    test("what an interrupted install left is discarded, and installing again works", async () => {
      const info = parseImageInfo(await succeed(inspectImage(image).argv));
      const commands = storage.installTemplate({ digest, name: "tiny", virtualBytes: 16 * MiB }, info, image);
      for (let done = 1; done < commands.length; done++) {
        await run(...storage.prepare(), ...commands.slice(0, done));
        expect((await inventory()).templates).toEqual([]);
        await run(...storage.discardTemplate(digest));
      }
      await install();
      const [template] = (await inventory()).templates;
      expect(template).toMatchObject({ digest, name: "tiny", virtualBytes: 16 * MiB });
      expect(template?.allocatedBytes).toBeGreaterThan(0);
      expect(await isTrue()).toBe(true);
    }, 300_000);

    test("two disks of one template hold its bytes and don't see each other's", async () => {
      await run(...storage.createDisk(web, digest, 32 * MiB), ...storage.createDisk(other, digest, 16 * MiB));
      expect(await io(...disk(web), "read -P 0x61 0 1M")).toBe(true);
      expect(await io(...disk(web), "write -P 0x62 0 1M")).toBe(true);
      expect(await io(...disk(web), "read -P 0x62 0 1M")).toBe(true);
      expect(await io(...disk(other), "read -P 0x61 0 1M")).toBe(true);
      expect(await io(...disk(web), "write -P 0x63 31M 1M")).toBe(true);
      expect(await io(...disk(other), "read -P 0x00 15M 64k")).toBe(true);
      expect(await io(...disk(other), "read -P 0x00 16M 64k")).toBe(false);
    }, 120_000);

    test("disks are found with their names and uuids", async () => {
      const found = (await inventory()).disks.map(({ name, uuid }) => ({ name, uuid }));
      expect(found.sort((a, b) => (a.name < b.name ? -1 : 1))).toEqual([other, web]);
    }, 60_000);

    test("what is cloned from a template is known", async () => {
      expect(await clones()).toEqual([
        { name: "other", digest },
        { name: "web", digest },
      ]);
    }, 60_000);

    test("a template that was written to is found out, and mended below its clones", async () => {
      await damage();
      expect(await isTrue()).toBe(false);
      await run(...storage.revertTemplate(digest));
      if (storage.canReplaceInUse) await install();
      expect(await isTrue()).toBe(true);
      expect(await io(...disk(other), "read -P 0x61 0 1M")).toBe(true);
    }, 120_000);

    test("a reset brings the fresh disk back, at its full size", async () => {
      await run(...storage.resetDisk(web, digest, 32 * MiB));
      expect(await io(...disk(web), "read -P 0x61 0 1M")).toBe(true);
      expect(await io(...disk(web), "read -P 0x00 31M 1M")).toBe(true);
    }, 120_000);

    test("a deletion spares another instance's disk of the same name, and may be repeated", async () => {
      await subject.runner.run(
        storage.deleteDisk({ name: web.name, uuid: other.uuid })[0] ?? {
          argv: ["false"],
          timeoutMs: 1,
          repeatable: true,
        },
      );
      expect((await inventory()).disks).toHaveLength(2);
      await run(...storage.deleteDisk(web), ...storage.deleteDisk(web), ...storage.deleteDisk(other));
      expect((await inventory()).disks).toEqual([]);
    }, 120_000);

    test("a template is deleted, and again, and can come back", async () => {
      expect(await clones()).toEqual([]);
      await run(...storage.deleteTemplate(digest), ...storage.deleteTemplate(digest));
      expect((await inventory()).templates).toEqual([]);
      await install();
      expect(await isTrue()).toBe(true);
    }, 120_000);

    test("storage that is not there is refused", async () => {
      const missing: StorageConfig =
        subject.config.kind === "zfs"
          ? { kind: "zfs", pool: "no-such-pool" }
          : { kind: "dir", path: "/proc/none" };
      const nowhere = storageOf(missing);
      const result = await subject.runner.run(nowhere.inventory());
      expect(() => nowhere.parseInventory(result)).toThrow(
        missing.kind === "zfs" ? "no-such-pool" : "/proc/none",
      );
    }, 60_000);
  });
}
