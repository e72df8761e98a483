import { afterAll, afterEach, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { fillDisk, limitDisk, unlimitDisk } from "./faults.ts";
import { refusalsOf } from "./refusals.ts";
import { type TestLab, testLab } from "./test-lab.ts";
import { type Traces, tracesOf } from "./traces.ts";
import { newOperator, nodeTable, type Operator, type Table } from "./waifuctl.ts";

setDefaultTimeout(60_000);

const create = ["create", "new", "-t", "tiny"];

let site: TestLab;
let before: Traces[];
let operator: Operator;

beforeAll(async () => {
  site = await testLab();
  before = await tracesOf(site.nodes);
});

afterEach(() => operator.leave());

afterAll(async () => {
  expect(await tracesOf(site.nodes)).toEqual(before);
});

async function meet(changes: Table = {}) {
  operator = await newOperator([nodeTable(site.nodes[0], changes)]);
  await operator.answer("template", "add", "tiny", site.lab.image("tiny").path);
  return refusalsOf(operator, site.nodes);
}

/** On a disk of a few mebibytes in place of the node's own. */
async function onSmallDisk(mebibytes: number, work: () => Promise<void>): Promise<void> {
  await limitDisk(site.nodes[0], mebibytes);
  try {
    await work();
  } finally {
    await unlimitDisk(site.nodes[0]);
  }
}

test("a folder that can't be", async () => {
  const refuses = await meet({ storage: { kind: "dir", path: "/proc/none" } });
  await refuses(create, 4, "node n1: the storage folder /proc/none can't be used", "Correct `storage.path`");
  const { stdout, exitCode } = await operator.run("node", "list");
  expect({ stdout, exitCode }).toEqual({ stdout: expect.stringMatching(/^n1 +refused /m), exitCode: 6 });
});

test("a pool where there is no ZFS", async () => {
  const refuses = await meet({ storage: { kind: "zfs", pool: "tank" } });
  await refuses(create, 4, "node n1: the pool tank is not there");
});

test("a disk that is too small", () =>
  onSmallDisk(16, async () => {
    const refuses = await meet();
    await refuses(create, 4, "no node fits new", "n1: disk: 0.0 GiB wanted, 0.0 GiB of 0.0 GiB free");
  }));

test("a disk that gets full while the template comes", () =>
  onSmallDisk(34, async () => {
    const refuses = await meet();
    await refuses(create, 4, "node n1 has no room for the template tiny", "No space left on device");
  }));

test("a full disk", () =>
  onSmallDisk(64, async () => {
    await fillDisk(site.nodes[0]);
    const refuses = await meet();
    await refuses(create, 4, "no node fits new", "n1: disk:");
  }));
