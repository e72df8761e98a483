import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkClusterFilePlace, saveClusterFile } from "../../src/config/save-cluster-file.ts";

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "waifuctl-save-"));
  path = join(folder, "deep", "er", "cluster.toml");
});
afterEach(() => rmSync(folder, { recursive: true }));

test("a new file, with its folders", async () => {
  await checkClusterFilePlace(path, false);
  expect(readdirSync(folder)).toEqual([]);
  await saveClusterFile(path, "new");
  expect(readFileSync(path, "utf8")).toBe("new");
  expect(readdirSync(join(path, ".."))).toEqual(["cluster.toml"]);
});

test("an existing one is replaced only where that is allowed, and kept", async () => {
  await saveClusterFile(path, "old");
  expect(checkClusterFilePlace(path, false)).rejects.toMatchObject({ code: "exists" });
  await checkClusterFilePlace(path, true);
  await saveClusterFile(path, "new");
  expect([readFileSync(path, "utf8"), readFileSync(`${path}.bak`, "utf8")]).toEqual(["new", "old"]);
  expect(readdirSync(join(path, "..")).sort()).toEqual(["cluster.toml", "cluster.toml.bak"]);
});

test("a place that can't be written leaves nothing behind", async () => {
  mkdirSync(path, { recursive: true });
  expect(saveClusterFile(path, "new")).rejects.toMatchObject({
    code: "refused",
    message: expect.stringContaining(`can't write ${path}: E`),
  });
  expect(readdirSync(join(path, ".."))).toEqual(["cluster.toml"]);
  expect(readdirSync(path)).toEqual([]);

  writeFileSync(join(folder, "file"), "");
  expect(saveClusterFile(join(folder, "file", "cluster.toml"), "new")).rejects.toMatchObject({
    code: "refused",
  });
});

test("a folder on which nobody may write is told before anything is asked", async () => {
  // Root may write wherever there is something to write to; sysfs refuses even root.
  expect(checkClusterFilePlace("/sys/kernel/cluster.toml", false)).resolves.toBeUndefined();
});
