import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type FatFile, fatImage } from "../../src/metadata/fat-image.ts";

const KiB = 1024;
const MiB = 1024 * KiB;
// dosfstools and util-linux keep theirs where an ordinary user's PATH doesn't look.
const PATH = `${process.env.PATH}:/usr/sbin:/sbin`;

let folder = "";
let image = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "waifu-fat-"));
  image = join(folder, "seed.img");
});
afterAll(() => rm(folder, { recursive: true }));

/** Runs a program, which must succeed, and returns what it printed. */
async function run(...argv: string[]): Promise<Uint8Array> {
  const child = Bun.spawn(argv, { env: { PATH, LC_ALL: "C.UTF-8" }, stdout: "pipe", stderr: "pipe" });
  const [stdout, stderr, exitCode] = await Promise.all([
    new Response(child.stdout).arrayBuffer(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  expect({ argv, exitCode, stderr }).toEqual({ argv, exitCode: 0, stderr: "" });
  return new Uint8Array(stdout);
}

async function runText(...argv: string[]): Promise<string> {
  return new TextDecoder().decode(await run(...argv));
}

/** Bytes that differ everywhere and are the same in every run. */
function noise(length: number): Uint8Array {
  let state = length + 1;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 24;
  });
}

function file(name: string, length: number): FatFile {
  return { name, bytes: noise(length) };
}

const seed = [
  file("meta-data", 60),
  file("user-data", 5000),
  file("vendor-data", 511),
  file("network-config", 0),
];

test.each([
  ["no file", [], "FAT12", 64 * KiB],
  ["a seed", seed, "FAT12", 64 * KiB],
  ["a byte", [file("a", 1)], "FAT12", 64 * KiB],
  ["a cluster", [file("a", 512)], "FAT12", 64 * KiB],
  [
    "many files",
    Array.from({ length: 300 }, (_, index) => file(`file number ${index}.txt`, index)),
    "FAT12",
    192 * KiB,
  ],
  [
    "names of all sorts",
    ["a", "UPPER.TXT", "thirteen.char", "with space", "grüße.yaml", "日本語", "x".repeat(255)].map((name) =>
      file(name, 700),
    ),
    "FAT12",
    64 * KiB,
  ],
  ["the most clusters of FAT12", [file("a", 3900 * 512)], "FAT12", 1984 * KiB],
  ["the fewest clusters of FAT16", [file("a", 3900 * 512 + 1)], "FAT16", 2176 * KiB],
  ["16 MiB", [file("user-data", 16 * MiB), file("meta-data", 1)], "FAT16", 16 * MiB + 192 * KiB],
  ["the most clusters of 512 bytes", [file("a", 65_000 * 512)], "FAT16", 32_000 * KiB + 768 * KiB],
  ["64 MiB", [file("a", 64 * MiB - 3), file("b", 3)], "FAT16", 64 * MiB + 192 * KiB],
])(
  "%s is a file system that the usual tools read",
  async (_title, files, version, length) => {
    const bytes = fatImage({ label: "CIDATA", files });
    await Bun.write(image, bytes);
    expect(bytes.length).toBe(length);
    expect(bytes.length % (64 * KiB)).toBe(0);

    await run("fsck.vfat", "-n", image);
    expect((await runText("mdir", "-b", "-i", image)).split("\n").filter(Boolean)).toEqual(
      files.map(({ name }) => `::/${name}`),
    );
    for (const { name, bytes: written } of files.slice(-10)) {
      const read = await run("mtype", "-i", image, `::/${name}`);
      expect(Bun.hash(read)).toBe(Bun.hash(written));
      expect(read.length).toBe(written.length);
    }
    const blkid = await runText("blkid", "--probe", "--output", "export", image);
    expect(blkid).toContain("\nLABEL=CIDATA\n");
    expect(blkid).toContain("\nLABEL_FATBOOT=CIDATA\n");
    expect(blkid).toContain(`VERSION=${version}\n`);
  },
  20_000,
);

test("the same files give the same bytes", () => {
  expect(Bun.hash(fatImage({ label: "CIDATA", files: seed }))).toBe(
    Bun.hash(fatImage({ label: "CIDATA", files: seed })),
  );
});

test("more than 64 MiB are refused", () => {
  const files = [file("a", 1), { name: "b", bytes: new Uint8Array(64 * MiB) }];
  expect(() => fatImage({ label: "CIDATA", files })).toThrow(
    "The files of the CIDATA disk are more than 64 MiB together",
  );
});

test.each([
  ["CIDATA", ["a/b"]],
  ["CIDATA", [""]],
  ["CIDATA", ["new\nline"]],
  ["CIDATA", ["x".repeat(256)]],
  ["CIDATA", ["same", "SAME"]],
  ["cidata", ["a"]],
  ["LONGER THAN 11", ["a"]],
])("the label %j with the names %j is refused", (label, names) => {
  expect(() => fatImage({ label, files: names.map((name) => file(name, 1)) })).toThrow("FAT can't hold");
});
