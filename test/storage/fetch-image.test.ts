import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CommandResult } from "../../src/command.ts";
import { LocalRunner } from "../../src/ssh/local-runner.ts";
import { fetchImage, fetchStatus, parseFetchProgress } from "../../src/storage/fetch-image.ts";
import { type FaultyServer, serveFaults } from "./faulty-server.ts";

const runner = new LocalRunner({ node: "here" });
const image = randomBytes(3_000_000);
const digest = createHash("sha256").update(image).digest("hex");

let server: FaultyServer;
let folder: string;
let path: string;

beforeAll(async () => {
  server = serveFaults(image);
  folder = await mkdtemp(join(tmpdir(), "waifu-fetch-"));
  path = join(folder, digest);
});

afterEach(async () => {
  server.reset();
  for (const file of await readdir(folder)) await rm(join(folder, file));
});

afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});

function fetchFrom(route: string, wanted = digest, signal?: AbortSignal): Promise<CommandResult> {
  return runner.run(fetchImage(path, wanted, { url: server.url(route) }), signal);
}

async function isWhole(): Promise<boolean> {
  return Buffer.from(await Bun.file(path).arrayBuffer()).equals(image);
}

test("an image comes whole, in one request, and its second fetch asks for nothing", async () => {
  expect(await fetchFrom("good")).toMatchObject({ exitCode: 0, stderr: "" });
  expect(await isWhole()).toBe(true);
  expect(await fetchFrom("good")).toMatchObject({ exitCode: 0 });
  expect(server.requests).toEqual(["good"]);
  expect(await readdir(folder)).toEqual([digest]);
});

test("SHA-512 is told by its length", async () => {
  const sha512 = createHash("sha512").update(image).digest("hex");
  expect(await fetchFrom("good", sha512)).toMatchObject({ exitCode: 0 });
  expect(await fetchFrom("good", "0".repeat(128))).toMatchObject({ exitCode: 0 });
  await rm(path);
  const { exitCode, stderr } = await fetchFrom("good", "0".repeat(128));
  expect({ exitCode, stderr }).toEqual({
    exitCode: fetchStatus.wrongDigest,
    stderr: `its SHA-512 is ${sha512}, not ${"0".repeat(128)}\n`,
  });
});

describe("a server that stops half-way", () => {
  test("is asked for the rest when it sends ranges", async () => {
    expect(await fetchFrom("cut-ranges")).toMatchObject({ exitCode: 0 });
    expect(await isWhole()).toBe(true);
    expect(server.requests).toEqual(["cut-ranges", "cut-ranges bytes=1000000-", "cut-ranges bytes=2000000-"]);
  });

  test("without ranges is asked anew, and given up", async () => {
    const { exitCode, stderr } = await fetchFrom("cut-always");
    expect(exitCode).toBe(fetchStatus.cutOff);
    expect(stderr).toBe("the server stopped at 1000000 of 3000000 bytes, 4 times (curl exits with 18)\n");
    expect(await readdir(folder)).toEqual([]);
  }, 15_000);

  test("at the same place each time leaves what the next run can use", async () => {
    const { exitCode, stderr } = await fetchFrom("stuck-ranges");
    expect(exitCode).toBe(fetchStatus.cutOff);
    expect(stderr).toContain("stopped at 1000000 of 3000000 bytes");
    expect(stderr).toContain("the next run goes on from there");
    expect(await readdir(folder)).toEqual([`${digest}.part`]);
    expect(await fetchFrom("good")).toMatchObject({ exitCode: 0 });
    expect(server.requests.at(-1)).toBe("good bytes=1000000-");
    expect(await isWhole()).toBe(true);
  }, 15_000);
});

test("a part that a server without ranges can't go on from is fetched from nothing", async () => {
  await Bun.write(`${path}.part`, image.subarray(0, 5000));
  expect(await fetchFrom("no-ranges")).toMatchObject({ exitCode: 0 });
  expect(await isWhole()).toBe(true);
});

test("a part of another image is found out, and the image fetched from nothing", async () => {
  await Bun.write(`${path}.part`, "another image");
  expect(await fetchFrom("good")).toMatchObject({ exitCode: 0 });
  expect(await isWhole()).toBe(true);
});

test("a part that is whole already needs nothing more", async () => {
  await Bun.write(`${path}.part`, image);
  expect(await fetchFrom("good")).toMatchObject({ exitCode: 0 });
  expect(await isWhole()).toBe(true);
});

test("a part that is longer than the image is fetched from nothing", async () => {
  await Bun.write(`${path}.part`, Buffer.concat([image, image]));
  expect(await fetchFrom("good")).toMatchObject({ exitCode: 0 });
  expect(await isWhole()).toBe(true);
});

test.each([
  ["missing", fetchStatus.noSource, "the server answers 404"],
  ["loop", fetchStatus.noSource, "the server redirects from one address to the next, without end"],
  ["page", fetchStatus.wrongDigest, `not ${digest}: it is a web page`],
  ["empty", fetchStatus.wrongDigest, `it is empty, not ${digest}`],
  ["short", fetchStatus.wrongDigest, `not ${digest}`],
  ["long", fetchStatus.cutOff, "the server stopped at 2000000 of 4000000 bytes"],
  ["broken", fetchStatus.noServer, "the server answers 503, each time"],
])(
  "%s: nothing is kept",
  async (route, status, message) => {
    const { exitCode, stderr } = await fetchFrom(route);
    expect(stderr).toContain(message);
    expect(exitCode).toBe(status);
    expect(await readdir(folder)).toEqual([]);
  },
  20_000,
);

test("a server that is not there; what was fetched before is kept", async () => {
  await Bun.write(`${path}.part`, image.subarray(0, 5000));
  const { exitCode, stderr } = await runner.run(
    fetchImage(path, digest, { url: "http://127.0.0.1:1/image" }),
  );
  expect(exitCode).toBe(fetchStatus.noServer);
  expect(stderr).toBe("the server can't be reached (curl exits with 7)\n");
  expect(await readdir(folder)).toEqual([`${digest}.part`]);
}, 15_000);

test("an interruption leaves what the next run goes on from, and no process", async () => {
  const abort = new AbortController();
  const fetching = fetchFrom("held", digest, abort.signal);
  await server.held;
  await untilSize(`${path}.part`, 900_000);
  abort.abort();
  expect(fetching).rejects.toMatchObject({ code: "interrupted" });
  await fetching.catch(() => {});
  expect(await readdir(folder)).toEqual([`${digest}.part`]);
  expect((await runner.run({ argv: ["pgrep", "-f", path], timeoutMs: 5000, repeatable: true })).stdout).toBe(
    "",
  );
  expect(await fetchFrom("good")).toMatchObject({ exitCode: 0 });
  expect(server.requests.at(-1)).toMatch(/^good bytes=9\d{5}-$/);
});

test("a fetch whose operator is gone is ended by the next", async () => {
  const left = fetchFrom("held");
  await server.held;
  expect(await fetchFrom("good")).toMatchObject({ exitCode: 0 });
  expect(await left).toMatchObject({ exitCode: 137 });
  expect(await isWhole()).toBe(true);
});

test("bytes given on standard input count by the same digest", async () => {
  const file = join(tmpdir(), `waifu-given-${process.pid}`);
  await Bun.write(file, image);
  const given = (stdin: { path: string }) => runner.run(fetchImage(path, digest, { stdin }));
  expect(await given({ path: file })).toMatchObject({ exitCode: 0 });
  expect(await isWhole()).toBe(true);
  await rm(path);
  await Bun.write(file, image.subarray(1));
  expect(await given({ path: file })).toMatchObject({ exitCode: fetchStatus.wrongDigest });
  expect(await readdir(folder)).toEqual([]);
  await rm(file);
});

test("a full file system: nothing is kept, and what is needed is said", async () => {
  const mount = await mkdtemp(join(tmpdir(), "waifu-full-"));
  const full = join(mount, digest);
  const sh = (script: string) => Bun.$`sh -c ${script}`.quiet();
  await sh(`mount -t tmpfs -o size=1m waifu-full ${mount}`);
  try {
    const { exitCode, stderr } = await runner.run(fetchImage(full, digest, { url: server.url("good") }));
    expect(exitCode).toBe(fetchStatus.noRoom);
    expect(stderr).toBe(`no room: the image takes 3000000 bytes, and 1048576 are free in ${mount}\n`);
    expect(await readdir(mount)).toEqual([]);
  } finally {
    await sh(`umount ${mount}; rmdir ${mount}`);
  }
});

test("progress is told in bytes while it comes", async () => {
  const lines: string[] = [];
  const onOutput = (chunk: Buffer) => void lines.push(chunk.toString());
  await runner.run(fetchImage(path, digest, { url: server.url("slow") }), undefined, { onOutput });
  const last = parseFetchProgress(lines.join(""));
  expect(last?.totalBytes).toBe(image.length);
  expect(last?.doneBytes).toBeGreaterThan(0);
  expect(await isWhole()).toBe(true);
});

test.each([
  ["", undefined],
  ["12", undefined],
  ["0 \n", { doneBytes: 0, totalBytes: undefined }],
  ["1 10\n5 10\n7 1", { doneBytes: 5, totalBytes: 10 }],
])("progress of %j", (text, expected) => {
  expect(parseFetchProgress(text)).toEqual(expected);
});

async function untilSize(file: string, bytes: number): Promise<void> {
  while (((await stat(file).catch(() => undefined))?.size ?? 0) < bytes) await Bun.sleep(20);
}
