import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadDescriptions } from "../../src/config/load-descriptions.ts";

const folder = mkdtempSync(join(tmpdir(), "waifu-descriptions-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("a folder is all its .toml files by name, each with files beside it", async () => {
  await Bun.write(join(folder, "lab/b.toml"), '[[instance]]\nname = "b"\nuser_data_file = "files/b.yaml"\n');
  await Bun.write(join(folder, "lab/a.toml"), 'set = "a"\n[[instance]]\nname = "a"\n');
  await Bun.write(join(folder, "lab/files/b.yaml"), "#cloud-config\n");
  await Bun.write(join(folder, "lab/README.md"), "no TOML");
  const { instances, sets } = await loadDescriptions(join(folder, "lab"));
  expect(instances.map(({ name, set, userData }) => [name, set, userData?.text])).toEqual([
    ["a", "a", undefined],
    ["b", undefined, "#cloud-config\n"],
  ]);
  expect(sets).toEqual(["a"]);
  expect((await loadDescriptions(join(folder, "lab/b.toml"))).instances).toHaveLength(1);
});

test("what is not there, and a folder without any, are refused", async () => {
  mkdirSync(join(folder, "empty"));
  const refused = (name: string) => expect(loadDescriptions(join(folder, name))).rejects;
  await refused("gone.toml").toMatchObject({ code: "config", message: expect.stringContaining("gone.toml") });
  await refused("empty").toMatchObject({ code: "config", message: expect.stringContaining("no .toml file") });
});
