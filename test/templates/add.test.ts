import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Cluster } from "../../src/nodes/cluster.ts";
import { type AddRequest, decideAdd, recordAddition } from "../../src/templates/add.ts";
import { serve } from "../http/web-server.ts";
import { createRecordingReporter } from "../recording-reporter.ts";
import { probeRules, scriptedCluster } from "../scripted-cluster.ts";
import { ScriptedRunner } from "../scripted-runner.ts";

const image = Buffer.concat([Buffer.from("QFI\xfb", "latin1"), Buffer.alloc(100_000, "x")]);
const digest = (algorithm: string) => createHash(algorithm).update(image).digest("hex");
const [sha256, sha512] = [digest("sha256"), digest("sha512")];
const other = "b".repeat(64);
const folder = mkdtempSync(join(tmpdir(), "waifu-add-"));
const file = join(folder, "my image.qcow2");
let served = 0;
const web = serve({
  "/my%20image.qcow2": () => {
    served++;
    return new Response(image, { headers: { etag: '"1"' } });
  },
  "/page.qcow2": () => new Response("<!doctype html><html>"),
  "/SUMS": () => new Response(`${other}  other.qcow2\n${sha256} *my image.qcow2\n`),
  "/other": () => new Response(`${other}  other.qcow2\n`),
});
const url = web.url("/my%20image.qcow2");

beforeAll(() => Bun.write(file, image));
afterAll(async () => {
  await web.stop();
  await rm(folder, { recursive: true });
});

const watch = () => ({ reporter: createRecordingReporter() });
const node = () =>
  new ScriptedRunner(
    "n1",
    probeRules(() => ({})),
  );

async function add(request: Partial<AddRequest>, cluster = scriptedCluster([])) {
  const addition = await decideAdd(cluster, { name: "mine", ...request }, watch());
  recordAddition(cluster, addition);
  return addition;
}

const known = (cluster: Cluster) =>
  cluster.state.templates.all().map(({ name, digest, source }) => [name, digest.slice(0, 4), source]);

describe("an image of one's own", () => {
  test.each<[string, Partial<AddRequest>, Record<string, unknown>]>([
    [
      "a URL with its SHA-256",
      { source: url, sha256: sha256.toUpperCase() },
      { digest: sha256, trust: "given" },
    ],
    ["a URL with its SHA-512", { source: url, sha512 }, { digest: sha512, trust: "given" }],
    [
      "a URL with a checksum file",
      { source: url, checksumUrl: web.url("/SUMS") },
      { digest: sha256, trust: "published", checksumUrl: web.url("/SUMS") },
    ],
    [
      "a URL on trust",
      { source: url, trustOnFirstUse: true },
      { digest: sha256, trust: "first-use", imageBytes: image.length, etag: '"1"' },
    ],
    ["a file", { source: file }, { digest: sha256, trust: "computed", imageBytes: image.length }],
    ["a file with its SHA-512", { source: file, sha512 }, { digest: sha512, trust: "given" }],
    [
      "a file with a checksum file",
      { source: file, checksumUrl: web.url("/SUMS") },
      { digest: sha256, trust: "published" },
    ],
  ])("%s", async (_name, request, expected) => {
    const before = served;
    const { outcome, version, template } = await add(request);
    expect(version).toMatchObject({ name: "mine", ...expected });
    expect([outcome, template.isNewest, template.digest === version?.digest]).toEqual(["new", true, true]);
    // Only first use needs the image itself.
    expect(served - before).toBe(request.trustOnFirstUse ? 1 : 0);
  });

  test.each<[string, Partial<AddRequest>, string, string | RegExp]>([
    ["a URL alone", { source: url }, "usage", /needs its checksum/],
    [
      "two proofs",
      { source: url, sha256, trustOnFirstUse: true },
      "usage",
      /--sha256 and --trust-on-first-use don't/,
    ],
    ["a proof of nothing", { sha256 }, "usage", "a checksum goes with a URL or a file"],
    ["a short digest", { source: url, sha256: "abc" }, "usage", /--sha256 takes 64 hexadecimal digits/],
    [
      "a digest of the other kind",
      { source: url, sha512: sha256 },
      "usage",
      /--sha512 takes 128 hexadecimal/,
    ],
    ["ftp", { source: "ftp://host/x", sha256 }, "usage", "nodes can't fetch ftp://host/x"],
    ["a bad name", { name: "../x", source: file }, "usage", /can't be a template's name/],
    ["a version as a name", { name: "mine@abcd", source: file }, "usage", /can't be a template's name/],
    ["no file", { source: join(folder, "none") }, "not-found", /there is no file/],
    [
      "another file",
      { source: file, sha256: other },
      "digest-mismatch",
      new RegExp(`${sha256}, not ${other}`),
    ],
    [
      "a checksum file about others",
      { source: url, checksumUrl: web.url("/other") },
      "refused",
      /does not name/,
    ],
    ["a checksum file that is gone", { source: url, checksumUrl: web.url("/none") }, "not-found", /HTTP 404/],
    [
      "a page",
      { source: web.url("/page.qcow2"), trustOnFirstUse: true },
      "refused",
      "the image is a web page",
    ],
    ["a URL that is gone", { source: web.url("/none"), trustOnFirstUse: true }, "not-found", /HTTP 404/],
  ])("%s is refused", async (_name, request, code, message) => {
    const cluster = scriptedCluster([]);
    await expect(add(request, cluster)).rejects.toMatchObject({
      code,
      message: typeof message === "string" ? message : expect.stringMatching(message),
    });
    expect(known(cluster)).toEqual([]);
  });

  test("a file that is no image is refused, whatever its name", async () => {
    const page = join(folder, "page.qcow2");
    await Bun.write(page, "<!doctype html><html>");
    await expect(add({ source: page })).rejects.toMatchObject({ message: "the image is a web page" });
  });
});

describe("a name that is taken", () => {
  async function taken() {
    const cluster = scriptedCluster([]);
    await add({ source: url, sha256: other }, cluster);
    await add({ source: url, sha256 }, cluster);
    return cluster;
  }

  test("takes other bytes as its newest version, and keeps the old", async () => {
    const cluster = await taken();
    expect(known(cluster)).toEqual([
      ["mine", sha256.slice(0, 4), url],
      ["mine", "bbbb", url],
    ]);
  });

  test.each<[string, Partial<AddRequest>, string, string[]]>([
    ["the same once more", { source: url, sha256 }, "unchanged", [sha256, other]],
    ["the same from elsewhere", { source: file, sha256 }, "amended", [sha256, other]],
    ["an older one", { source: url, sha256: other }, "again", [other, sha256]],
    ["alone", {}, "unchanged", [sha256, other]],
  ])("%s", async (_name, request, outcome, versions) => {
    const cluster = await taken();
    expect((await add(request, cluster)).outcome).toBe(outcome as never);
    expect(cluster.state.templates.versions("mine").map(({ digest }) => digest)).toEqual(versions);
  });

  test("means the later addition even when the clock was put back", async () => {
    const cluster = await taken();
    const late = { ...cluster, now: () => new Date("2020-01-01T00:00:00Z") };
    await add({ source: url, sha256: "c".repeat(64) }, late);
    expect(cluster.state.templates.versions("mine")[0]?.digest).toBe("c".repeat(64));
  });
});

describe("a name alone", () => {
  const catalog = join(folder, "catalog.toml");
  const withCatalog = (cluster: Cluster): Cluster => ({
    ...cluster,
    config: { ...cluster.config, catalogPath: catalog },
  });
  beforeAll(() =>
    Bun.write(
      catalog,
      `[homemade]\ntitle = "Homemade"\nstart = "${web.url("/SUMS")}"\nfile = 'my (image)\\.qcow2'\nformat = "qcow2"\n` +
        'user = "me"\nfirmware = "uefi"\ndisk = "3G"\nseed = "cidata"\n',
    ),
  );

  test("is looked up in the catalog", async () => {
    const { version } = await add({ name: "homemade" }, withCatalog(scriptedCluster([])));
    expect(version).toMatchObject({
      name: "homemade",
      source: url,
      digest: sha256,
      trust: "published",
      catalog: "homemade",
      release: "image",
      firmware: "uefi",
      user: "me",
      minDiskBytes: 3 * 1024 ** 3,
    });
  });

  test("that only nodes know is theirs, and is not remembered here", async () => {
    const cluster = scriptedCluster([node()]);
    const { template, version, outcome } = await add({ name: "tiny" }, cluster);
    expect([template.digest, version, outcome]).toEqual(["a".repeat(64), undefined, "unchanged"]);
    expect(known(cluster)).toEqual([]);
  });

  test("may say which version", async () => {
    const cluster = scriptedCluster([node()]);
    await add({ source: url, sha256 }, cluster);
    const { template } = await add({ name: `mine@${sha256.slice(0, 6)}` }, cluster);
    expect(template).toMatchObject({ digest: sha256, source: url });
  });

  test.each([
    ["homemode", "not-found", 'the catalog has no template "homemode"', "Did you mean homemade?"],
    ["tiny@bbbb", "not-found", "tiny has no version bbbb", "Say which: tiny@aaaaaaaa (newest)"],
  ])("%s is refused", async (name, code, message, hint) => {
    const cluster = withCatalog(scriptedCluster([node()]));
    await expect(add({ name }, cluster)).rejects.toMatchObject({ code, message, hint });
  });
});
