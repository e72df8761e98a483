import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { writeIdleImage } from "./idle-image.ts";
import { type TestLab, testLab } from "./test-lab.ts";
import { type Traces, tracesOf } from "./traces.ts";
import { newOperator, nodeTable, type Operator } from "./waifuctl.ts";

setDefaultTimeout(120_000);

type Listed = { readonly name: string; readonly uuid: string; readonly node: string; readonly state: string };
type Answer = { readonly findings: readonly { readonly kind: string; readonly outcome: string }[] };

let site: TestLab;
let maker: Operator;
let before: Traces[];
const names = Array.from({ length: 10 }, (_, index) => `ten-${index}`);

const list = (operator: Operator) => operator.answer<Listed[]>("list");

beforeAll(async () => {
  site = await testLab();
  const tables = site.nodes.map((node) => nodeTable(node));
  maker = await newOperator(tables);
  before = await tracesOf(site.nodes);
  await maker.answer("template", "add", "idle", await writeIdleImage(maker.home, "idle"));
  await Promise.all(
    names.map(async (name, index) => {
      const node = site.nodes[index % site.nodes.length]?.name ?? "";
      await maker.answer("create", name, "-t", "idle", "-n", node, "--no-wait", "--label", `no=${index}`);
    }),
  );
});

afterAll(() => maker.leave());

test("with nothing but cluster.toml and a key, reconcile adopts ten instances, and they can be worked with", async () => {
  const heir = await newOperator(site.nodes.map((node) => nodeTable(node)));
  const { findings } = await heir.answer<Answer>("reconcile");
  expect(findings.filter(({ kind }) => kind === "adopted").length).toBeGreaterThan(0);
  expect(findings.filter(({ outcome }) => outcome !== "done")).toEqual([]);
  expect(await list(heir)).toEqual(await list(maker));
  expect(await heir.answer<Answer>("reconcile")).toMatchObject({ findings: [] });

  await Bun.write(join(heir.home, "user.yaml"), "#cloud-config\nhostname: adopted\n");
  expect(await heir.answer<object>("show", "ten-3")).toMatchObject({ name: "ten-3", labels: { no: "3" } });
  expect(await heir.answer<object>("edit", "ten-3", "--file", "user.yaml")).toMatchObject({ generation: 2 });
  await heir.answer("stop", "ten-4", "--force");
  await heir.answer("delete", "ten-5", "--yes");
  // Its template is known again too.
  await heir.answer("create", "eleven", "-t", "idle", "--no-wait");

  // And to the first operator it is as if they had done it themselves.
  expect(await maker.answer<object>("show", "ten-3")).toMatchObject({ generation: 2 });
  await maker.answer("reconcile");
  expect((await list(maker)).map(({ name, state }) => [name, state])).toEqual(
    [...names, "eleven"]
      .filter((name) => name !== "ten-5")
      .sort()
      .map((name) => [name, name === "ten-4" ? "stopped" : "running"]),
  );
  await heir.leave();
});

describe("a state file that is", () => {
  const path = () => join(maker.home, "state.db");
  const asides = () => Array.from(new Bun.Glob("state.db.damaged-*").scanSync({ cwd: maker.home }));
  const spoil: Readonly<Record<string, () => Promise<unknown>>> = {
    gone: async () => {
      for (const ending of ["", "-wal", "-shm"]) await rm(`${path()}${ending}`, { force: true });
    },
    empty: () => Bun.write(path(), ""),
    "cut in half": async () => {
      for (const ending of ["-wal", "-shm"]) await rm(`${path()}${ending}`, { force: true });
      const bytes = await Bun.file(path()).bytes();
      await Bun.write(path(), bytes.subarray(0, bytes.length / 2));
    },
    "something else": () => Bun.write(path(), "not a database\n".repeat(1000)),
  };

  test.each(Object.keys(spoil))("%s is rebuilt by one reconcile", async (how) => {
    const known = await list(maker);
    const damagedBefore = asides().length;
    await spoil[how]?.();
    const { exitCode, stderr } = await maker.run("reconcile");
    expect({ exitCode, stderr: exitCode === 0 ? "" : stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(await list(maker)).toEqual(known);
    const isDamaged = how === "cut in half" || how === "something else";
    expect(asides().length - damagedBefore).toBe(isDamaged ? 1 : 0);
  });

  test("of a newer waifuctl is refused, and left as it is", async () => {
    const { Database } = await import("bun:sqlite");
    const database = new Database(path());
    const { user_version: version } = database.query("PRAGMA user_version").get() as { user_version: number };
    database.run("PRAGMA user_version = 999");
    expect(await maker.run("reconcile")).toMatchObject({
      exitCode: 3,
      stdout: "",
      stderr: expect.stringContaining("newer waifuctl"),
    });
    expect(database.query("PRAGMA user_version").get()).toEqual({ user_version: 999 });
    database.run(`PRAGMA user_version = ${version}`);
    database.close();
  });

  test("in a place that can't be written is said to be so", async () => {
    const other = await newOperator(
      site.nodes.map((node) => nodeTable(node)),
      { state: "/sys/kernel/state.db" },
    );
    expect(await other.run("reconcile")).toMatchObject({
      exitCode: 3,
      stdout: "",
      stderr: expect.stringContaining("Set `state` in cluster.toml"),
    });
    await other.leave();
  });
});

test("and all of them can be deleted", async () => {
  const rest = await list(maker);
  await Promise.all(rest.map(({ name }) => maker.answer("delete", name, "--yes")));
  expect(await maker.run("reconcile", "--quiet")).toEqual({ exitCode: 0, stdout: "", stderr: "" });
  expect(await tracesOf(site.nodes)).toEqual(before);
});
