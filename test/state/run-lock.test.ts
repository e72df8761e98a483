import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { takeRunLock } from "../../src/state/run-lock.ts";

let folder = "";
let path = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "waifu-run-"));
  path = join(folder, "state.db");
});
afterEach(() => rmSync(folder, { recursive: true }));

test("one at a time, and the next after it", () => {
  const first = takeRunLock(path);
  expect(() => takeRunLock(path)).toThrow(
    expect.objectContaining({ code: "locked", message: expect.stringContaining(`${path}.lock`) }),
  );
  first.release();
  takeRunLock(path).release();
});

test("it dies with its process", async () => {
  const script = `
    const { takeRunLock } = await import("${join(import.meta.dir, "../../src/state/run-lock.ts")}");
    const lock = takeRunLock(process.argv[1]);
    console.log("taken");
    // Collected as garbage, it would be free.
    setInterval(() => lock, 1000);`;
  const holder = Bun.spawn([process.execPath, "-e", script, path]);
  try {
    await holder.stdout.getReader().read();
    expect(() => takeRunLock(path)).toThrow("another waifuctl");
  } finally {
    holder.kill("SIGKILL");
    await holder.exited;
  }
  takeRunLock(path).release();
});
