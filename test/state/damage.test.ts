import { Database } from "bun:sqlite";
import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openState } from "../../src/state/state.ts";

let folder = "";
let path = "";
let told: string[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "waifu-damage-"));
  path = join(folder, "state.db");
  told = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

const module = join(import.meta.dir, "../../src/state/state.ts");
const open = () =>
  openState(
    path,
    "ana@desk",
    () => new Date("2026-01-02T03:04:05Z"),
    (text) => told.push(text),
  );

const entry = {
  at: "2026-01-01",
  operator: "ana@desk",
  verb: "create",
  instance: "web",
  node: "n1",
  outcome: "done",
  ms: 1,
  detail: "said much: ".repeat(300),
};

/** As after a day's work: rows on several pages, all in the file itself. */
function fill(): void {
  const { audit, close } = open();
  for (let count = 0; count < 20; count++) audit.add(entry);
  close();
}

test.each([
  ["what is no database", () => writeFileSync(path, "not a database at all, but some text of mine\n")],
  ["half a file", () => truncateSync(path, readFileSync(path).length / 2)],
  ["half a page", () => truncateSync(path, 2000)],
])("%s is set aside as it is, told once, and a new file begun", (_, damage) => {
  fill();
  damage();
  const damaged = readFileSync(path);
  open().close();
  const [aside = ""] = readdirSync(folder).filter((name) => name.startsWith("state.db.damaged-"));
  expect(readFileSync(join(folder, aside))).toEqual(damaged);
  expect(told).toEqual([
    `The state file ${path} is damaged: it was set aside as ${join(folder, aside)}, and a new one begun. No VM is lost: waifuctl reconcile learns from the nodes what they know.`,
  ]);
  const again = open();
  expect(again.journal.open()).toEqual([]);
  expect(told).toHaveLength(1);
  again.close();
});

test("what the write-ahead log still holds goes with it", () => {
  fill();
  truncateSync(path, 0);
  writeFileSync(`${path}-wal`, "log");
  open().close();
  const names = readdirSync(folder).map((name) => name.replace(/damaged-.*Z/, "damaged-TIME"));
  expect(names.sort()).toEqual([
    "state.db",
    "state.db.aside",
    "state.db.damaged-TIME",
    "state.db.damaged-TIME-wal",
  ]);
});

test.each([
  ["damaged", 1],
  ["not there", 0],
])("of several that find it %s at once, none loses what it writes", async (what, times) => {
  if (what === "damaged") writeFileSync(path, "damaged, for all of them");
  const script = `
    const { openState } = await import("${module}");
    const state = openState(process.argv[1], "ana@desk", () => new Date(), console.log);
    state.restarts.note(String(process.pid), "2026-01-01");`;
  const children = Array.from({ length: 5 }, () => Bun.spawn([process.execPath, "-e", script, path]));
  const outputs = await Promise.all(children.map((child) => child.stdout.text()));
  expect(outputs.join("").match(/was set aside/g) ?? []).toHaveLength(times);
  expect(readdirSync(folder).filter((name) => name.includes("damaged"))).toHaveLength(times);
  const state = open();
  for (const { pid } of children) expect(state.restarts.of(String(pid))?.count).toBe(1);
  state.close();
});

test("damage that is met on the way is an error that says what to do, and the next one sets the file aside", () => {
  fill();
  const database = new Database(path);
  const root = database.query<{ rootpage: number }, []>(
    "SELECT rootpage FROM sqlite_schema WHERE name = 'audit'",
  );
  const at = ((root.get()?.rootpage ?? 1) - 1) * 4096;
  database.close();
  writeFileSync(path, readFileSync(path).fill(0xff, at, at + 4096));
  const state = open();
  expect(() => state.audit.read({})).toThrow(
    expect.objectContaining({ code: "config", hint: expect.stringContaining("waifuctl reconcile") }),
  );
  expect(state.journal.open()).toEqual([]);
  state.close();
  expect(told).toEqual([]);
  const next = open();
  expect(told).toEqual([expect.stringContaining("was set aside")]);
  expect(next.audit.read({})).toEqual([]);
  next.close();
  expect(readdirSync(folder).filter((name) => name.endsWith(".suspect"))).toEqual([]);
});

test("a file that was suspected without reason stays", () => {
  fill();
  writeFileSync(`${path}.suspect`, "");
  const state = open();
  expect(told).toEqual([]);
  expect(state.audit.read({})).toHaveLength(20);
  state.close();
  expect(readdirSync(folder)).toEqual(["state.db"]);
});

test.each([
  ["file", () => chmodSync(path, 0o444)],
  ["folder", () => chmodSync(folder, 0o555)],
])("a %s that may only be read is told before anything is done", async (_, protect) => {
  open().close();
  chmodSync(folder, 0o777);
  chmodSync(path, 0o666);
  protect();
  const script = `
    const { openState } = await import("${module}");
    try { openState(process.argv[1], "ana@desk", () => new Date()) } catch (error) { console.log(error.code, error.message, error.hint) }`;
  const asNobody =
    process.getuid?.() === 0 ? ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"] : [];
  const child = Bun.spawn([...asNobody, process.execPath, "-e", script, path], { stderr: "inherit" });
  expect(await child.stdout.text()).toMatch(
    /^config can't use the state file \S+: .+ Set `state` in cluster.toml to a file you may write/,
  );
});
