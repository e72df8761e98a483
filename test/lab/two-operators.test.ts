import { afterAll, afterEach, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { type Gate, openGate } from "./crash/gate.ts";
import { writeIdleImage } from "./idle-image.ts";
import { type TestLab, testLab } from "./test-lab.ts";
import { type Traces, tracesOf } from "./traces.ts";
import { newOperator, nodeTable, type Operator } from "./waifuctl.ts";

setDefaultTimeout(120_000);

type Listed = { readonly name: string; readonly node: string; readonly generation: number };

let site: TestLab;
let gate: Gate;
let ann: Operator;
let ben: Operator;
let before: Traces[];

const list = (operator: Operator) => operator.answer<Listed[]>("list");

beforeAll(async () => {
  site = await testLab();
  const tables = site.nodes.map((node) => nodeTable(node));
  [ann, ben] = await Promise.all([newOperator(tables), newOperator(tables)]);
  before = await tracesOf(site.nodes);
  const image = await writeIdleImage(ann.home, "idle");
  await ann.answer("template", "add", "idle", image, "--all-nodes");
  await ben.answer("template", "add", "idle", image);
  for (const { home } of [ann, ben])
    await Bun.write(join(home, "user.yaml"), `#cloud-config\nhostname: ${crypto.randomUUID()}\n`);
  gate = await openGate(site.nodes[0]);
});

afterEach(async () => {
  for (const { name } of await list(ann)) await ann.answer("delete", name, "--yes");
  expect(await tracesOf(site.nodes)).toEqual(before);
});

afterAll(async () => {
  await gate.close();
  await Promise.all([ann.leave(), ben.leave()]);
});

/** All at once; which of them ended well, and what the others said. */
async function race(...runs: readonly (readonly [Operator, ...string[]])[]) {
  const outcomes = await Promise.all(runs.map(([operator, ...words]) => operator.run(...words)));
  const bad = outcomes.filter(({ exitCode }) => exitCode !== 0);
  return {
    won: outcomes.length - bad.length,
    lost: bad.map(({ exitCode, stderr }) => ({ exitCode, stderr })),
  };
}

test("both make the same name on one node: one has it, the other is told", async () => {
  const words = ["create", "same", "-t", "idle", "-n", "n1", "--no-wait"];
  const { won, lost } = await race([ann, ...words], [ben, ...words]);
  expect(won).toBe(1);
  expect(lost).toMatchObject([{ exitCode: 4, stderr: expect.stringContaining("same") }]);
  expect((await list(ben)).map(({ name }) => name)).toEqual(["same"]);
});

test("both make the same name on two nodes: one has it, the other is told", async () => {
  const words = ["create", "same", "-t", "idle", "--no-wait", "-n"];
  const { won, lost } = await race([ann, ...words, "n1"], [ben, ...words, "n2"]);
  expect({ won, lost: lost.map(({ exitCode }) => exitCode) }).toEqual({ won: 1, lost: [4] });
});

test("both edit: no generation is lost, and who comes too late is told whose it is", async () => {
  await ann.answer("create", "edited", "-t", "idle", "-n", "n1", "--no-wait");
  const words = ["edit", "edited", "--file", "user.yaml"];
  const { won, lost } = await race([ann, ...words], [ben, ...words]);
  for (const { exitCode } of lost) expect(exitCode).toBe(4);
  expect(await list(ben)).toMatchObject([{ generation: 1 + won }]);
});

test("both delete: it is gone, and neither leaves anything", async () => {
  await ann.answer("create", "gone", "-t", "idle", "-n", "n1", "--no-wait");
  await list(ben);
  const words = ["delete", "gone", "--yes"];
  const { won, lost } = await race([ann, ...words], [ben, ...words]);
  expect(won).toBeGreaterThan(0);
  for (const { exitCode } of lost) expect(exitCode).toBe(4);
});

/** Ann's create of `half`, about to start its guest. */
async function halfMade() {
  await gate.stand();
  await ann.answer("create", "half", "-t", "idle", "-n", "n1", "--no-wait");
  const start = (await gate.calls()).find(({ line }) => line.startsWith("virsh ") && / start /.test(line));
  if (start === undefined) throw new Error("a create starts its guest");
  await ann.answer("delete", "half", "--yes");
  await gate.arm(start, "before");
  const create = ann.start("create", "half", "-t", "idle", "-n", "n1", "--no-wait");
  await gate.held();
  await gate.disarm();
  return create;
}

test("one reconciles while the other creates: it keeps its hands off what is under way", async () => {
  const create = await halfMade();
  const reconcile = ben.start("reconcile", "--json");
  await gate.letGo();
  expect(await create.ended).toMatchObject({ exitCode: 0 });
  expect(await reconcile.ended).toMatchObject({ exitCode: 0 });
  expect(await list(ben)).toMatchObject([{ name: "half", state: "running" }]);
});

test("one is killed half-way: the other has nothing broken by it, and the first one's reconcile mends it", async () => {
  const create = await halfMade();
  create.kill("SIGKILL");
  await create.ended;
  await gate.cut();
  await gate.rest();
  const { exitCode } = await ben.run("reconcile");
  expect([0, 9]).toContain(exitCode);
  expect(await ann.run("reconcile")).toMatchObject({ exitCode: 0 });
  expect(await ben.run("reconcile")).toMatchObject({ exitCode: 0 });
  expect((await list(ben)).map(({ name }) => name)).toEqual((await list(ann)).map(({ name }) => name));
});
