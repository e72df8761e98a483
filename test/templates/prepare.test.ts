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
import { createHash, randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { WaifuError } from "../../src/errors.ts";
import type { Cluster } from "../../src/nodes/cluster.ts";
import { describePlan } from "../../src/nodes/describe-plan.ts";
import { planPreparations, prepareTemplates } from "../../src/templates/prepare.ts";
import type { ResolvedTemplate } from "../../src/templates/resolve.ts";
import { createRecordingReporter } from "../recording-reporter.ts";
import { RootedRunner } from "../rooted-runner.ts";
import { nodeConfig, scriptedCluster } from "../scripted-cluster.ts";
import { type FaultyServer, serveFaults } from "../storage/faulty-server.ts";

setDefaultTimeout(30_000);

const MiB = 1024 ** 2;
const nodes = ["n1", "n2", "n3"].map(nodeConfig);
const [n1, n2] = nodes;
if (n1 === undefined || n2 === undefined) throw new Error("too few nodes");

let root: string;
let image: Buffer;
let server: FaultyServer;
let cluster: Cluster;
let runners: Map<string, RootedRunner>;
let reporter: ReturnType<typeof createRecordingReporter>;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "waifu-prepare-"));
  const disk = randomBytes(4 * MiB);
  disk.writeUInt16BE(0x55aa, 510);
  await Bun.write(join(root, "disk.raw"), disk);
  await Bun.$`qemu-img convert -f raw -O qcow2 ${root}/disk.raw ${root}/disk.qcow2`.quiet();
  image = Buffer.from(await Bun.file(join(root, "disk.qcow2")).arrayBuffer());
  server = serveFaults(image);
});

beforeEach(async () => {
  runners = new Map(nodes.map(({ name }) => [name, new RootedRunner(name, join(root, name))]));
  for (const { name } of nodes) await mkdir(join(root, name, "lock"), { recursive: true });
  cluster = {
    ...scriptedCluster([]),
    connect: async ({ name }) => runners.get(name) ?? Promise.reject(new Error(name)),
  };
  cluster = { ...cluster, config: { ...cluster.config, nodes } };
  reporter = createRecordingReporter();
});

afterEach(async () => {
  server.reset();
  for (const { name } of nodes) await rm(join(root, name), { recursive: true });
});

afterAll(async () => {
  await server.stop();
  await rm(root, { recursive: true });
});

function templateOf(route: string, bytes: Uint8Array = image): ResolvedTemplate {
  const digest = createHash("sha256").update(bytes).digest("hex");
  return { name: "tiny", digest, source: server.url(route), isNewest: true };
}

/** What is in a node's folders, sorted. */
async function files(node: string): Promise<string[]> {
  const found = await readdir(join(root, node, "waifu"), { recursive: true, withFileTypes: true });
  return found
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(join(root, node, "waifu/").length))
    .sort();
}

function prepare(template: ResolvedTemplate, on = [n1], signal?: AbortSignal) {
  return prepareTemplates(cluster, template, on as typeof nodes, { reporter, signal });
}

async function failure(template: ResolvedTemplate, signal?: AbortSignal): Promise<WaifuError | undefined> {
  return (await prepare(template, [n1], signal)).failures[0]?.error;
}

test("from the URL; the image is kept as it was published, and the second time nothing is done", async () => {
  const template = templateOf("good");
  const first = await prepare(template);
  expect(first).toEqual({
    answers: [{ node: "n1", from: "url", imageBytes: image.length, virtualBytes: 4 * MiB }],
    failures: [],
  });
  expect(await files("n1")).toEqual([
    `images/${template.digest}`,
    `templates/${template.digest}.json`,
    `templates/${template.digest}.qcow2`,
  ]);
  expect((await prepare(template)).answers).toMatchObject([{ from: "already there", virtualBytes: 4 * MiB }]);
  expect(server.requests).toEqual(["good"]);
  expect(cluster.state.journal.open()).toEqual([]);
  expect(reporter.lines.filter((line) => !line.startsWith("update"))).toEqual([
    "begin fetch tiny to n1",
    expect.stringMatching(/^done fetch tiny to n1: 4.* MiB from url$/),
    "begin make template tiny on n1",
    "done make template tiny on n1",
  ]);
});

test("several nodes share one download", async () => {
  const { answers, failures } = await prepare(templateOf("slow"), nodes);
  expect(failures).toEqual([]);
  expect(answers.map(({ from }) => from).sort()).toEqual([
    expect.stringMatching(/^peer n\d$/),
    expect.stringMatching(/^peer n\d$/),
    "url",
  ]);
  expect(server.requests).toEqual(["slow"]);
});

test("two at once on one node: the second waits, and finds it there", async () => {
  const template = templateOf("slow");
  const both = await Promise.all([prepare(template), prepare(template)]);
  expect(both.flatMap(({ answers }) => answers.map(({ from }) => from)).sort()).toEqual([
    "already there",
    "url",
  ]);
  expect(server.requests).toEqual(["slow"]);
});

test("a peer that fails is told of, and the URL is asked", async () => {
  const template = templateOf("good");
  await Bun.write(join(root, "n2/waifu/images", template.digest), "damaged");
  expect((await prepare(template)).answers).toMatchObject([{ from: "url" }]);
  expect(reporter.lines).toContainEqual(
    expect.stringMatching(/^warn n2 could not give the image of tiny: .* at node n2 is not the one/),
  );
});

test("a peer is enough when nobody knows the source", async () => {
  const { source, ...template } = templateOf("good");
  expect(await failure(template)).toMatchObject({
    code: "refused",
    hint: expect.stringContaining("template add tiny URL"),
  });
  await Bun.write(join(root, "n2/waifu/images", template.digest), image);
  expect((await prepare(template)).answers).toMatchObject([{ from: "peer n2", imageBytes: image.length }]);
});

test("an image that is there already is only converted", async () => {
  const template = templateOf("good");
  await Bun.write(join(root, "n1/waifu/images", template.digest), image);
  expect((await prepare(template)).answers).toMatchObject([{ from: "image there" }]);
  expect(server.requests).toEqual([]);
});

test("a file beside the operator", async () => {
  const template = { ...templateOf("good"), source: join(root, "disk.qcow2") };
  expect((await prepare(template, [n1, n2])).answers.map(({ from }) => from)).toEqual(["file", "file"]);
  expect(await failure({ ...template, digest: "0".repeat(64) })).toMatchObject({ code: "digest-mismatch" });
});

describe("packed", () => {
  test.each(["xz", "gzip", "zstd"])("with %s", async (program) => {
    const packed = Buffer.from(
      await Bun.$`${program} -1 -c < ${join(root, program === "gzip" ? "disk.raw" : "disk.qcow2")}`
        .quiet()
        .arrayBuffer(),
    );
    const template = templateOf("", packed);
    await Bun.write(join(root, "packed"), packed);
    expect((await prepare({ ...template, source: join(root, "packed") })).answers).toMatchObject([
      { virtualBytes: 4 * MiB, imageBytes: packed.length },
    ]);
    expect(await files("n1")).toHaveLength(3);
    const made = join(root, "n1/waifu/templates", `${template.digest}.qcow2`);
    await Bun.$`qemu-img compare -q ${made} ${root}/disk.raw -f qcow2 -F raw`.quiet();
  });

  test("what is in it is looked at too, and a damaged file is found", async () => {
    const pack = async (bytes: Uint8Array) =>
      Buffer.from(await Bun.$`gzip -c < ${bytes}`.quiet().arrayBuffer());
    for (const [bytes, message] of [
      [await pack(Buffer.from("<html>")), "the image is a web page"],
      [await pack(await pack(Buffer.from("twice"))), "the image is packed twice, the second time with gzip"],
      [
        (await pack(image)).subarray(0, 1_000_000),
        "gzip can't unpack the image: it is damaged as it was published",
      ],
    ] as const) {
      await Bun.write(join(root, "packed"), bytes);
      const error = await failure({ ...templateOf("", bytes), source: join(root, "packed") });
      expect(error).toMatchObject({ code: "refused", message: `template tiny: ${message}` });
      expect(await files("n1")).toEqual([]);
    }
  });
});

test.each<[string, string, object]>([
  [
    "missing",
    "answers 404",
    { code: "remote-failed", hint: expect.stringContaining("template update tiny") },
  ],
  ["page", "is a web page", { code: "digest-mismatch" }],
  ["short", "is not the one that was added", { code: "digest-mismatch" }],
])("%s: the error says so, and nothing is left", async (route, message, expected) => {
  const error = await failure(templateOf(route));
  expect(error).toMatchObject({ ...expected, node: "n1", instance: "tiny" });
  expect(error?.message).toContain(message);
  expect(await files("n1")).toEqual([]);
  expect(cluster.state.journal.open()).toEqual([]);
});

test("a disk that has no room is refused before anything is fetched", async () => {
  const error = await failure({ ...templateOf("good"), virtualBytes: 1024 ** 5 });
  expect(error).toMatchObject({
    code: "refused",
    hint: "Make room there: waifuctl template prune --node n1",
  });
  expect(error?.message).toContain("its disk may take 1 PiB, and the storage has ");
  expect(server.requests).toEqual([]);
});

test("an interruption leaves a part, from which the next run goes on", async () => {
  const abort = new AbortController();
  const failing = failure({ ...templateOf("held") }, abort.signal);
  await server.held;
  const part = join(root, "n1/waifu/images", `${templateOf("held").digest}.part`);
  while (((await stat(part).catch(() => undefined))?.size ?? 0) < 900_000) await Bun.sleep(20);
  abort.abort();
  expect(await failing).toMatchObject({ code: "interrupted" });
  expect(await files("n1")).toEqual([`images/${templateOf("held").digest}.part`]);
  expect((await prepare(templateOf("good"))).failures).toEqual([]);
  expect(server.requests.at(-1)).toMatch(/^good bytes=9\d{5}-$/);
});

test("the plan names the very commands, and none where all is there", async () => {
  const template = templateOf("good");
  const plans = async () =>
    (await planPreparations(cluster, template, [n1], { reporter })).answers.map(describePlan);
  const [plan] = await plans();
  expect(plan?.steps.map(({ title }) => title)).toEqual([
    `fetch the image of tiny (${template.digest.slice(0, 12)})`,
    "make the template (its commands depend on the image's format and size)",
  ]);
  expect(plan?.steps[0]?.commands[0]).toEndWith(
    ` /var/lib/waifu/images/${template.digest} ${template.digest} ${template.source}`,
  );
  await prepare(template);
  expect(await plans()).toMatchObject([{ steps: [] }]);
});
