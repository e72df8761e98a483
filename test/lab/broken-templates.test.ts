import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { type ImageServer, serveImages } from "./image-server.ts";
import { type Refuse, refusalsOf } from "./refusals.ts";
import { testLab } from "./test-lab.ts";
import { newOperator, nodeTable, type Operator } from "./waifuctl.ts";

setDefaultTimeout(60_000);

const someDigest = "ab".repeat(32);

let operator: Operator;
let server: ImageServer;
let refuses: Refuse;

beforeAll(async () => {
  const { nodes } = await testLab();
  const [node] = nodes;
  operator = await newOperator([nodeTable(node)]);
  server = serveImages(node.lan.number);
  refuses = await refusalsOf(operator, nodes);
  const image = crypto.getRandomValues(new Uint8Array(4096));
  image.set(Buffer.from("QFI\xfb", "latin1"));
  await Bun.write(join(operator.home, "image.qcow2"), image);
});

afterAll(async () => {
  await server.stop();
  await operator.leave();
});

const create = (template: string) => ["create", "new", "-t", template];

test("a URL without its digest", () =>
  refuses(["template", "add", "t", server.url("other")], 2, "needs its checksum", "--sha256"));

test("a digest that can't be one", () =>
  refuses(["template", "add", "t", server.url("other"), "--sha256", "abc"], 2, "64 hexadecimal digits"));

test("a URL that nodes can't fetch", () =>
  refuses(
    ["template", "add", "t", "ftp://host/x", "--sha256", someDigest],
    2,
    "nodes can't fetch ftp://host/x",
  ));

test("a file that is not there", () =>
  refuses(["template", "add", "t", "none.qcow2"], 4, "there is no file"));

test("a file with another digest than was said", () =>
  refuses(
    ["template", "add", "t", "image.qcow2", "--sha256", someDigest],
    4,
    "is not the image that was meant",
  ));

test("a URL that serves something else", async () => {
  await operator.answer("template", "add", "other", server.url("other"), "--sha256", someDigest);
  await refuses(
    create("other"),
    4,
    "is not the one that was added",
    `not ${someDigest}`,
    "waifuctl template add other",
  );
});

test("a URL with nothing behind it", async () => {
  await operator.answer("template", "add", "missing", server.url("missing"), "--sha256", someDigest);
  await refuses(create("missing"), 7, "failed on node n1", "404");
});

test("a file that was changed after it was added", async () => {
  await operator.answer("template", "add", "mine", "image.qcow2");
  await Bun.write(join(operator.home, "image.qcow2"), "changed");
  await refuses(create("mine"), 4, "is not the one that was added");
});

test("a file that went away after it was added", async () => {
  await Bun.file(join(operator.home, "image.qcow2")).delete();
  await refuses(create("mine"), 4, "image.qcow2");
});

test("an image that names a file of the node", async () => {
  const image = join(operator.home, "thief.qcow2");
  const qemu = Bun.spawn([
    "qemu-img",
    "create",
    "-q",
    "-u",
    "-f",
    "qcow2",
    "-F",
    "raw",
    "-b",
    "/etc/shadow",
    image,
    "1M",
  ]);
  expect(await qemu.exited).toBe(0);
  await operator.answer("template", "add", "thief", image);
  await refuses(create("thief"), 4, "the image reads another file, /etc/shadow");
});
