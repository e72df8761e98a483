import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Command } from "../../src/command.ts";
import { binaryPath } from "../../src/metadata/service-paths.ts";
import { exchangeBinaries, ownBinary, replaceBinary } from "../../src/setup/binary.ts";
import { LocalRunner } from "../../src/ssh/local-runner.ts";

let root: string;
const runner = new LocalRunner({ node: "here" });

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "waifuctl-binary-"));
});
afterAll(() => rm(root, { recursive: true }));

/** With the folder of the binary in a place of the test's own. */
function run(command: Command) {
  const [program, ...args] = command.argv;
  const move = (word: string) => word.replace(dirname(binaryPath), `${root}/lib`);
  return runner.run({ ...command, argv: [program, ...args.map(move)] });
}

const digestOf = (text: string) => new Bun.CryptoHasher("sha256").update(text).digest("hex");
const files = async () =>
  Object.fromEntries(
    await Promise.all(
      (await readdir(`${root}/lib`)).map(async (name) => [
        name,
        await Bun.file(`${root}/lib/${name}`).text(),
      ]),
    ),
  );

async function replaceBy(text: string, digest = digestOf(text)) {
  const path = join(root, "mine");
  await Bun.write(path, text);
  return run(replaceBinary({ path, digest, architecture: "x86_64" }));
}

test("the one before is kept, and comes back by an exchange", async () => {
  expect((await replaceBy("one")).exitCode).toBe(0);
  expect(await files()).toEqual({ waifuctl: "one" });
  expect(await run(exchangeBinaries())).toMatchObject({
    exitCode: 1,
    stderr: "there is no earlier binary\n",
  });
  expect((await replaceBy("two")).exitCode).toBe(0);
  expect(await files()).toEqual({ waifuctl: "two", "waifuctl.previous": "one" });
  await run(exchangeBinaries());
  expect(await files()).toEqual({ waifuctl: "one", "waifuctl.previous": "two" });
});

test("a copy that was damaged on its way leaves all as it was", async () => {
  const before = await files();
  const { exitCode, stderr } = await replaceBy("three", digestOf("another"));
  expect([exitCode, stderr]).toEqual([1, `the copy is damaged: its SHA-256 is ${digestOf("three")}\n`]);
  expect(await files()).toEqual(before);
});

test("what runs from source is no binary", async () => {
  expect(await ownBinary()).toBeUndefined();
});
