import { afterEach, beforeEach, expect, test } from "bun:test";
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadSecretKey, readSecretKey, secretKeyPath } from "../../src/state/secret-key.ts";

let folder = "";
let path = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "waifu-key-"));
  path = secretKeyPath(join(folder, "deep", "state.db"));
});
afterEach(() => rmSync(folder, { recursive: true }));

test("it is made at first use, for its owner alone, and then stays", () => {
  expect(readSecretKey(path)).toBeUndefined();
  const key = loadSecretKey(path);
  expect(key).toHaveLength(32);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(loadSecretKey(path)).toEqual(key);
  expect(readdirSync(join(folder, "deep"))).toEqual(["state.db.key"]);
});

test("of many that make it at once all get the same", async () => {
  const script = `
    const { loadSecretKey } = await import("${join(import.meta.dir, "../../src/state/secret-key.ts")}");
    console.log(Buffer.from(loadSecretKey(process.argv[1])).toString("hex"));`;
  const children = Array.from({ length: 4 }, () => Bun.spawn([process.execPath, "-e", script, path]));
  const keys = await Promise.all(children.map((child) => child.stdout.text()));
  expect(new Set(keys).size).toBe(1);
  expect(keys[0]).toMatch(/^[0-9a-f]{64}\n$/);
});

test.each([0o640, 0o604, 0o620])("a file of mode %o is refused, with what to do", (mode) => {
  loadSecretKey(path);
  chmodSync(path, mode);
  expect(() => loadSecretKey(path)).toThrow(
    expect.objectContaining({ code: "refused", hint: expect.stringContaining(`chmod 600 ${path}`) }),
  );
});

test("a damaged file is refused, and not made anew", () => {
  loadSecretKey(path);
  writeFileSync(path, "short");
  expect(() => loadSecretKey(path)).toThrow("is damaged");
});
