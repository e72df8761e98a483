import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  setDefaultTimeout,
  test,
} from "bun:test";
import { cutLink, mendLink } from "./faults.ts";
import { type ImageServer, serveImages } from "./image-server.ts";
import { type TestLab, testLab } from "./test-lab.ts";
import { type Traces, tracesOf } from "./traces.ts";
import { newOperator, nodeTable, type Operator, type Running } from "./waifuctl.ts";

setDefaultTimeout(180_000);

let site: TestLab;
let operator: Operator;
let server: ImageServer;
let before: Traces[];

beforeAll(async () => {
  site = await testLab();
  operator = await newOperator(site.nodes.map((node) => nodeTable(node)));
  await operator.answer("template", "add", "tiny", site.lab.image("tiny").path);
  // Prepared, so that the next create begins with its disk.
  for (const node of ["n1", "n2"]) {
    await operator.answer("create", "first", "-t", "tiny", "-n", node, "--no-wait");
    await operator.answer("delete", "first", "--yes");
  }
  before = await tracesOf(site.nodes);
});

beforeEach(async () => {
  server = serveImages(site.nodes[0].lan.number);
  await operator.answer("template", "add", "held", server.url("held"), "--sha256", "ab".repeat(32));
});

afterEach(() => server.stop());

afterAll(() => operator.leave());

describe("Ctrl-C", () => {
  test("while the template comes", async () => {
    const create = operator.start("create", "new", "-t", "held", "-n", "n1");
    await server.held;
    create.kill("SIGINT");
    const { stdout, stderr, exitCode } = await create.ended;
    expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 130 });
    expect(stderr).toContain("Undoing what was made on n1.");
    expect(await tracesOf(site.nodes)).toEqual(before);
  });

  test.each(["disk", "seed", "define", "start", "wait until new answers"])(
    "during or after: %s",
    async (step) => {
      const create = operator.start("create", "new", "-t", "tiny", "-n", "n1");
      await create.says(`${step}…`);
      create.kill("SIGINT");
      const { stdout, exitCode } = await create.ended;
      expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 130 });
      expect(await tracesOf(site.nodes)).toEqual(before);
      expect(await operator.answer<object[]>("list")).toEqual([]);
    },
  );
});

test("a link that dies: the outcome is unknown, and what clears up once the node answers again is said", async () => {
  const [n1, n2] = site.nodes;
  const moments = [
    {
      node: n1,
      name: "on-n1",
      template: "held",
      begun: () => server.held,
      clear: ["template", "delete", "held"],
    },
    {
      node: n2,
      name: "on-n2",
      template: "tiny",
      begun: (create: Running) => create.says("define…"),
      clear: ["delete", "on-n2"],
    },
  ];
  const cut = async ({ node, name, template, begun }: (typeof moments)[number]) => {
    const create = operator.start("create", name, "-t", template, "-n", node.name);
    await begun(create);
    await cutLink(node);
    const { stdout, stderr, exitCode } = await create.ended;
    await mendLink(node);
    expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 8 });
    expect(stderr).toContain("and undoing it failed");
    expect(stderr).toContain(`hint: When ${node.name} answers again: waifuctl reconcile`);
  };
  await Promise.all(moments.map(cut));
  // All nodes are asked what is made from a template: both must answer again.
  for (const { clear } of moments) await operator.answer(...clear, "--yes");
  expect(await tracesOf(site.nodes)).toEqual(before);
});

test("a waifuctl that is killed while the template comes: the node gives up too, and the next one tells", async () => {
  const create = operator.start("create", "new", "-t", "held", "-n", "n1");
  await server.held;
  create.kill("SIGKILL");
  await create.ended;
  const { stderr, exitCode } = await operator.run("list");
  expect(exitCode).toBe(0);
  expect(stderr).toContain('was cut off at "fetch the image of held (abababababab)"');
  expect(stderr).toContain("waifuctl reconcile");
  await operator.answer("template", "delete", "held", "--yes");
  expect(await operator.run("list")).toMatchObject({ stderr: "", exitCode: 0 });
  expect(await tracesOf(site.nodes)).toEqual(before);
});
