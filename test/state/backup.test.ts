import { Database } from "bun:sqlite";
import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { migrations } from "../../src/state/migrations.ts";
import { openState } from "../../src/state/state.ts";

let folder = "";
let path = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "waifu-backup-"));
  path = join(folder, "state.db");
});
afterEach(() => rmSync(folder, { recursive: true }));

const open = (file = path) => openState(file, "ana@desk", () => new Date("2026-01-02T03:04:05Z"));

test("a copy has what is committed, also while another writes, and is its owner's alone", () => {
  const [state, other] = [open(), new Database(path)];
  state.restarts.note("1", "2026-01-01");
  other.run("BEGIN IMMEDIATE");
  other.run("UPDATE restarts SET count = 99");
  const to = join(folder, "deep", "copy.db");
  state.backup(to);
  other.close();
  state.close();
  expect(statSync(to).mode & 0o777).toBe(0o600);
  expect(readdirSync(join(folder, "deep"))).toEqual(["copy.db"]);
  const copy = open(to);
  expect(copy.restarts.of("1")).toEqual({ count: 1, lastAt: "2026-01-01" });
  copy.close();
});

test("a file that is there stays", () => {
  const to = join(folder, "mine");
  writeFileSync(to, "mine");
  const state = open();
  expect(() => state.backup(to)).toThrow(expect.objectContaining({ code: "exists" }));
  state.close();
  expect(readFileSync(to, "utf8")).toBe("mine");
});

test("where it can't be written, the error names the place", () => {
  const state = open();
  expect(() => state.backup("/proc/none/copy.db")).toThrow(
    expect.objectContaining({ code: "refused", message: expect.stringContaining("/proc/none/copy.db") }),
  );
  state.close();
});

test.each([1, 2, 3])("a file of schema %d is brought up to date, and kept as it was", (version) => {
  const database = new Database(path, { create: true });
  for (const migration of migrations.slice(0, version)) database.run(migration);
  database.run(`PRAGMA user_version = ${version}`);
  database.run(
    `INSERT INTO journal (id, verb, instance, uuid, node, stages, stage, outcome, host, pid, started_at)
     VALUES ('1', 'create', 'web', '1', 'n1', '[]', 0, 'running', 'desk', 1, '2026-01-01')`,
  );
  database.close();
  const state = open();
  expect(state.journal.open()).toMatchObject([{ id: "1", operator: "", birth: "" }]);
  expect(state.secrets.all()).toEqual([]);
  state.close();
  open().close();
  expect(readdirSync(folder).sort()).toEqual(["state.db", `state.db.before-${migrations.length}`]);
  const before = new Database(`${path}.before-${migrations.length}`);
  expect(before.query("PRAGMA user_version").get()).toEqual({ user_version: version });
  before.close();
});
