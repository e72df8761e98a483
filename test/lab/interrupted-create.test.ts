import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { cutLink, mendLink } from "./faults.ts";
import { type ImageServer, serveImages } from "./image-server.ts";
import { type TestLab, testLab } from "./test-lab.ts";
import { type Traces, tracesOf } from "./traces.ts";
import { newOperator, nodeTable, type Operator } from "./waifuctl.ts";

setDefaultTimeout(180_000);

let site: TestLab;
let operator: Operator;
let server: ImageServer;
let before: Traces[];

beforeAll(async () => {
  site = await testLab();
  const [node] = site.nodes;
  operator = await newOperator([nodeTable(node)]);
  await operator.answer("template", "add", "tiny", site.lab.image("tiny").path);
  // Prepared, so that the next create begins with its disk.
  await operator.answer("create", "first", "-t", "tiny", "--no-wait");
  await operator.answer("delete", "first", "--yes");
  before = await tracesOf(site.nodes);
});

beforeEach(async () => {
  server = serveImages(site.nodes[0].lan.number);
  await operator.answer("template", "add", "held", server.url("held"), "--sha256", "ab".repeat(32));
});

afterAll(() => operator.leave());

describe("Ctrl-C", () => {
  test("while the template comes", async () => {
    const create = operator.start("create", "new", "-t", "held");
    await server.held;
    create.interrupt();
    const { stdout, stderr, exitCode } = await create.ended;
    expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 130 });
    expect(stderr).toContain("Undoing what was made on n1.");
    expect(await tracesOf(site.nodes)).toEqual(before);
    await server.stop();
  });

  test.each(["disk", "seed", "define", "start", "start with the node"])(
    "during or after: %s",
    async (step) => {
      const create = operator.start("create", "new", "-t", "tiny");
      await create.says(`${step}…`);
      create.interrupt();
      const { stdout, exitCode } = await create.ended;
      expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 130 });
      expect(await tracesOf(site.nodes)).toEqual(before);
      expect(await operator.answer<object[]>("list")).toEqual([]);
    },
  );
});

describe("a link that dies", () => {
  test.each([
    ["while the template comes", "held", "template held"],
    ["while the instance is made", "tiny", "define…"],
  ])("%s", async (_, template, moment) => {
    const create = operator.start("create", "new", "-t", template);
    await (template === "held" ? server.held : create.says(moment));
    await cutLink(site.nodes[0]);
    const { stdout, stderr, exitCode } = await create.ended;
    await mendLink(site.nodes[0]);
    expect({ stdout, exitCode, stderr }).toEqual({
      stdout: "",
      exitCode: 8,
      stderr: expect.stringContaining("undoing it failed"),
    });
    expect(stderr).toContain("hint: When n1 answers again: waifuctl delete new --yes");
    await operator.answer("delete", "new", "--yes");
    expect(await tracesOf(site.nodes)).toEqual(before);
    await server.stop();
  });
});
