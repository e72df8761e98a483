import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseSeeds, readSeeds } from "../../src/apply/sight.ts";
import { RootedRunner } from "../rooted-runner.ts";
import { history, instance } from "./sample.ts";

const root = mkdtempSync(join(tmpdir(), "waifu-seeds-"));
afterAll(() => rmSync(root, { recursive: true }));
const seeds = join(root, "waifu/seeds");

async function read() {
  const { stdout, exitCode } = await new RootedRunner("n1", root).run(readSeeds());
  expect(exitCode).toBe(0);
  return { stdout, found: parseSeeds(stdout) };
}

test("every seed's newest generation is read, and none of the earlier; what is damaged is left out", async () => {
  expect((await read()).found.size).toBe(0);
  mkdirSync(seeds, { recursive: true });
  const [web, db] = ["web", "db"].map((name) => instance(name));
  if (web === undefined || db === undefined) throw new Error("two were made");
  const awkward = 'it says ,"earlier":[ and \\,"earlier":[1]}\n';
  const kept = history(web, awkward);
  const old = { ...kept.current, userData: "of long ago" };
  await Bun.write(join(seeds, `${web.uuid}.json`), JSON.stringify({ ...kept, earlier: [old, old] }));
  await Bun.write(join(seeds, `${db.uuid}.json`), JSON.stringify(history(db)));
  await Bun.write(join(seeds, "cut-off.json"), '{"uuid":"6f1d","cur');
  await Bun.write(join(seeds, `${db.uuid}.img`), "a disk");
  const { stdout, found } = await read();
  expect([...found.keys()].sort()).toEqual([db.uuid, web.uuid].sort());
  expect(found.get(web.uuid)?.current.userData).toBe(awkward);
  expect(stdout).not.toContain("of long ago");
});
