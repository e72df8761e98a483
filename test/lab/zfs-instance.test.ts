import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { refusalsOf } from "./refusals.ts";
import { labName, type TestLab, testLab } from "./test-lab.ts";
import { type Traces, traces } from "./traces.ts";
import { newOperator, nodeTable, type Operator } from "./waifuctl.ts";
import { startZfsNode, type ZfsNode } from "./zfs-node/zfs-node.ts";

// A guest in an emulated machine, which may have to be built first.
setDefaultTimeout(1_200_000);

let site: TestLab;
let node: ZfsNode;
let operator: Operator;
let before: Traces;
let volume: string;
let template: string;

beforeAll(async () => {
  site = await testLab();
  node = await startZfsNode(labName, "z1");
  operator = await newOperator([nodeTable(node, { storage: { kind: "zfs", pool: node.pool } })]);
  before = await traces(node);
  const { url, sha256 } = site.lab.image("tiny");
  await operator.answer("template", "add", "tiny", url, "--sha256", sha256);
  volume = `${node.pool}/waifu/instances/deep`;
  template = `${node.pool}/waifu/templates/${sha256}`;
});

afterAll(() => operator.leave());

async function onNode(...argv: string[]): Promise<string> {
  const { stdout, stderr, exitCode } = await node.exec(argv);
  expect({ argv, exitCode, stderr }).toEqual({ argv, exitCode: 0, stderr: "" });
  return stdout.trim();
}

async function inGuest(command: string) {
  const { stdout, exitCode } = await operator.run("ssh", "root@deep", command);
  return { stdout, exitCode };
}

describe("the life of an instance on zvols, under KVM", () => {
  test("create clones the template, and the guest answers", async () => {
    const created = await operator.answer<{ uuid: string }>("create", "deep", "-t", "tiny", "-m", "192M");
    const properties = "origin,volmode,volsize,waifu:uuid,waifu:digest";
    expect((await onNode("zfs", "get", "-Hp", "-o", "value", properties, volume)).split("\n")).toEqual([
      `${template}@ready`,
      "dev",
      String(32 * 1024 ** 2),
      created.uuid,
      site.lab.image("tiny").sha256,
    ]);
    expect(await onNode("zfs", "list", "-H", "-o", "name", "-t", "snapshot", volume)).toBe(`${volume}@init`);
    expect(await onNode("zfs", "holds", "-H", `${template}@ready`)).toContain("waifu");
    expect(await onNode("virsh", "dumpxml", "deep")).toMatch(/<domain type='kvm'/);
    expect(await inGuest("hostname")).toEqual({ stdout: "deep\n", exitCode: 0 });
  });

  test("what the guest writes survives stop and start", async () => {
    expect(await inGuest("echo kept >/disk/kept; sync")).toMatchObject({ exitCode: 0 });
    await operator.answer("stop", "deep");
    expect(await onNode("virsh", "domstate", "deep")).toBe("shut off");
    await operator.answer("start", "deep");
    expect(await inGuest("cat /disk/kept")).toEqual({ stdout: "kept\n", exitCode: 0 });
  });

  test("reinit rolls back", async () => {
    await operator.answer("reinit", "deep", "--yes");
    expect(await inGuest("ls /disk/kept")).toEqual({ stdout: "", exitCode: 1 });
    expect(await onNode("zfs", "get", "-Hp", "-o", "value", "volsize", volume)).toBe(String(32 * 1024 ** 2));
  });

  test("delete leaves nothing but the template", async () => {
    await operator.answer("delete", "deep", "--yes");
    expect(await traces(node)).toEqual(before);
    expect(await onNode("zfs", "list", "-H", "-o", "name", "-t", "snapshot", template)).toBe(
      `${template}@ready`,
    );
  });
});

test("Ctrl-C after the disk was cloned leaves nothing", async () => {
  const create = operator.start("create", "deep", "-t", "tiny", "-m", "192M");
  await create.says("✓ disk");
  create.kill("SIGINT");
  expect(await create.ended).toMatchObject({ stdout: "", exitCode: 130 });
  expect(await traces(node)).toEqual(before);
});

test("a pool that is not there", async () => {
  const other = await newOperator([nodeTable(node, { storage: { kind: "zfs", pool: "tonk" } })]);
  await other.answer("template", "add", "tiny", site.lab.image("tiny").path);
  const refuses = await refusalsOf(other, [node]);
  await refuses(["create", "new", "-t", "tiny"], 4, "node z1: the pool tonk is not there", "zpool import");
  await other.leave();
});

test("a full pool", async () => {
  const freeBytes = Number(await onNode("zfs", "get", "-Hp", "-o", "value", "available", node.pool));
  const ballast = `${node.pool}/ballast`;
  await onNode("zfs", "create", "-o", `refreservation=${freeBytes - 8 * 1024 ** 2}`, ballast);
  try {
    const refuses = await refusalsOf(operator, [node]);
    await refuses(
      ["create", "new", "-t", "tiny"],
      4,
      "no node fits new",
      "z1: disk: 0.0 GiB wanted, 0.0 GiB of",
    );
  } finally {
    await onNode("zfs", "destroy", ballast);
  }
});
