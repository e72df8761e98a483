import { afterEach, beforeEach, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
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
  await expect(checkClusterFilePlace(path, false)).rejects.toMatchObject({ code: "exists" });
  await checkClusterFilePlace(path, true);
  await saveClusterFile(path, "new");
  expect([readFileSync(path, "utf8"), readFileSync(`${path}.bak`, "utf8")]).toEqual(["new", "old"]);
  expect(readdirSync(join(path, "..")).sort()).toEqual(["cluster.toml", "cluster.toml.bak"]);
});

test("a place that can't be written leaves nothing behind", async () => {
  mkdirSync(path, { recursive: true });
  await expect(saveClusterFile(path, "new")).rejects.toMatchObject({
    code: "refused",
    message: expect.stringContaining(`can't write ${path}: E`),
  });
  expect(readdirSync(join(path, ".."))).toEqual(["cluster.toml"]);
  expect(readdirSync(path)).toEqual([]);

  writeFileSync(join(folder, "file"), "");
  await expect(saveClusterFile(join(folder, "file", "cluster.toml"), "new")).rejects.toMatchObject({
    code: "refused",
  });
});

test("a folder where the person may not write is told before anything is asked", async () => {
  chmodSync(folder, 0o555);
  const source = join(import.meta.dir, "../../src/config/save-cluster-file.ts");
  const code = `const { checkClusterFilePlace } = await import(${JSON.stringify(source)});
    await checkClusterFilePlace(${JSON.stringify(join(folder, "cluster.toml"))}, false).catch((e) => console.log(e.message));`;
  // Root may write everywhere.
  const asNobody = process.getuid?.() === 0 ? ["setpriv", "--reuid=65534", "--clear-groups"] : [];
  const child = Bun.spawn([...asNobody, process.execPath, "-e", code], { stdout: "pipe" });
  expect(await child.stdout.text()).toBe(`can't write ${join(folder, "cluster.toml")}: EACCES\n`);
});
