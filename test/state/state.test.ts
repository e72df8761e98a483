import { Database } from "bun:sqlite";
import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openState } from "../../src/state/state.ts";
import { spec } from "../spec.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "waifu-state-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const open = (path = join(folder, "deep", "state.db")) =>
  openState(path, "ana@desk", () => new Date("2026-01-02T03:04:05Z"));
const operation = {
  id: "1",
  verb: "create",
  instance: "web",
  uuid: spec.uuid,
  node: "n1",
  stages: ["disk", "start"],
};

test("the file is durable: WAL, synchronous=FULL, and a second process waits for the first", () => {
  open().close();
  const database = new Database(join(folder, "deep", "state.db"));
  expect(database.query("PRAGMA journal_mode").get()).toEqual({ journal_mode: "wal" });
  database.close();
});

test("a template's operations are settled a node at a time", () => {
  const state = openState(":memory:", "ana@desk", () => new Date("2026-01-02T03:04:05Z"));
  for (const node of ["n1", "n2"]) state.journal.begin({ ...operation, verb: "prepare", id: node, node });
  state.journal.settle(spec.uuid, "done", "n1");
  expect(state.journal.open().map(({ node }) => node)).toEqual(["n2"]);
  state.close();
});

test("an operation is open until it ends, across processes, and its end is audited", () => {
  const first = open();
  first.journal.begin(operation);
  first.journal.stage("1", 2);
  first.close();
  const second = open();
  expect(second.journal.open()).toMatchObject([{ ...operation, stage: 2, pid: process.pid }]);
  second.journal.settle(spec.uuid, "undone");
  expect(second.journal.open()).toEqual([]);
  second.close();
  const database = new Database(join(folder, "deep", "state.db"));
  expect(database.query("SELECT at, operator, verb, instance, node, outcome, ms FROM audit").all()).toEqual([
    {
      at: "2026-01-02T03:04:05.000Z",
      operator: "ana@desk",
      verb: "create",
      instance: "web",
      node: "n1",
      outcome: "undone",
      ms: 0,
    },
  ]);
  database.close();
});

test("a node's instances are replaced as a whole, other nodes' stay", () => {
  const { instances, close } = open();
  const seenAt = "2026-01-02T00:00:00.000Z";
  instances.remember({ spec: { ...spec, uuid: "other" }, node: "n2", state: "running", seenAt });
  instances.replaceNode("n1", [{ spec, state: "running", seenAt }]);
  instances.replaceNode("n1", []);
  expect(instances.all().map((seen) => seen.node)).toEqual(["n2"]);
  close();
});

test("a template's versions are kept, the newest first", () => {
  const { templates, close } = open();
  const old = {
    name: "tiny",
    digest: "a",
    source: "http://x/",
    addedAt: "2026-01-01",
    trust: "given",
  } as const;
  const recent = { ...old, digest: "b", release: "20260102", minDiskBytes: 5 };
  templates.put(old);
  templates.put(recent);
  templates.put({ ...old, name: "other" });
  expect(templates.versions("tiny")).toEqual([recent, old]);
  expect(templates.all().map(({ name, digest }) => `${name} ${digest}`)).toEqual([
    "other a",
    "tiny b",
    "tiny a",
  ]);
  templates.put({ ...old, addedAt: "2026-01-03" });
  expect(templates.versions("tiny").map(({ digest }) => digest)).toEqual(["a", "b"]);
  templates.forget("tiny", "a");
  expect(templates.versions("tiny")).toEqual([recent]);
  expect(templates.versions("none")).toEqual([]);
  close();
});

test("a file of a newer waifuctl is refused and left as it is", () => {
  const path = join(folder, "newer.db");
  const database = new Database(path);
  database.run("PRAGMA user_version = 99");
  database.close();
  expect(() => open(path)).toThrow(`${path} was written by a newer waifuctl (schema 99)`);
});

test("a file that can't be written is a config error with a hint", () => {
  expect(() => open("/proc/none/state.db")).toThrow("can't use the state file /proc/none/state.db");
});
