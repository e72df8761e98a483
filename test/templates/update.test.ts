import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TemplateVersion } from "../../src/state/templates.ts";
import { addedNames, updateTemplates } from "../../src/templates/update.ts";
import { serve } from "../http/web-server.ts";
import { createRecordingReporter } from "../recording-reporter.ts";
import { scriptedCluster } from "../scripted-cluster.ts";

const [a, b] = ["a".repeat(64), "b".repeat(64)];
let sums = "";
let tag = '"1"';
const web = serve({
  "/SUMS": () => new Response(sums),
  "/image": ({ method }) => new Response(method === "HEAD" ? null : "image", { headers: { etag: tag } }),
  "/broken": () => new Response("later", { status: 503 }),
});
const folder = mkdtempSync(join(tmpdir(), "waifu-update-"));
const catalogPath = join(folder, "catalog.toml");
await Bun.write(
  catalogPath,
  `[distro]\ntitle = "Distro"\nstart = "${web.url("/SUMS")}"\nfile = 'distro-(\\d+)\\.qcow2'\nformat = "qcow2"\n` +
    'user = "me"\nfirmware = "bios"\ndisk = "3G"\nseed = "cidata"\n',
);
afterAll(async () => {
  await web.stop();
  await rm(folder, { recursive: true });
});

const added = (name: string, digest: string, more: Partial<TemplateVersion> = {}): TemplateVersion => ({
  name,
  digest,
  source: web.url("/image"),
  addedAt: "2026-01-01T00:00:00.000Z",
  trust: "published",
  ...more,
});

function clusterWith(...records: TemplateVersion[]) {
  const cluster = scriptedCluster([]);
  for (const record of records) cluster.state.templates.put(record);
  return { ...cluster, config: { ...cluster.config, catalogPath } };
}

async function update(
  cluster: ReturnType<typeof clusterWith>,
  names = addedNames(cluster),
  isDryRun = false,
) {
  const { updates, failures } = await updateTemplates(cluster, names, isDryRun, {
    reporter: createRecordingReporter(),
  });
  return {
    updates: updates.map(({ name, outcome, to }) => [name, outcome, to.release, to.digest]),
    failures: failures.map(({ name, error }) => [name, error.code]),
    digests: cluster.state.templates.versions("distro").map(({ digest }) => digest),
  };
}

describe("a name of the catalog", () => {
  const distro = added("distro", a, { catalog: "distro", release: "1", source: web.url("/distro-1.qcow2") });

  test("takes what is published now as its newest version", async () => {
    sums = `${a}  distro-1.qcow2\n${b}  distro-2.qcow2\n`;
    expect(await update(clusterWith(distro))).toEqual({
      updates: [["distro", "newer", "2", b]],
      failures: [],
      digests: [b, a],
    });
  });

  test("stays when nothing is new", async () => {
    sums = `${a}  distro-1.qcow2\n`;
    expect(await update(clusterWith(distro))).toMatchObject({
      updates: [["distro", "unchanged", "1", a]],
      digests: [a],
    });
  });

  test("notices that a file was replaced under its old name", async () => {
    sums = `${b}  distro-1.qcow2\n`;
    expect(await update(clusterWith(distro))).toMatchObject({
      updates: [["distro", "newer", "1", b]],
      digests: [b, a],
    });
  });

  test("is only looked up in a dry run", async () => {
    sums = `${b}  distro-2.qcow2\n`;
    expect(await update(clusterWith(distro), ["distro"], true)).toMatchObject({
      updates: [["distro", "newer", "2", b]],
      digests: [a],
    });
  });

  test("leaves a later version of one's own alone", async () => {
    sums = `${a}  distro-1.qcow2\n`;
    const own = added("distro", b, { trust: "computed", source: "/my/distro.qcow2" });
    expect(await update(clusterWith(distro, own))).toMatchObject({
      updates: [["distro", "pinned", undefined, b]],
      digests: [b, a],
    });
  });
});

test("a checksum file that was named at the start is read again", async () => {
  sums = `${b}  image\n`;
  const cluster = clusterWith(added("mine", a, { checksumUrl: web.url("/SUMS"), minDiskBytes: 7 }));
  expect((await update(cluster)).updates).toEqual([["mine", "newer", undefined, b]]);
  expect(cluster.state.templates.versions("mine")[0]).toMatchObject({ digest: b, minDiskBytes: 7 });
});

describe("what was taken on trust", () => {
  const trusted = added("mine", a, { trust: "first-use", etag: '"1"' });

  test.each([
    ['"1"', "looks-unchanged"],
    ['"2"', "may-have-changed"],
  ])("with tag %s %s, and is never taken anew", async (now, outcome) => {
    tag = now;
    const cluster = clusterWith(trusted);
    expect((await update(cluster)).updates).toEqual([["mine", outcome, undefined, a]]);
    expect(cluster.state.templates.all()).toHaveLength(1);
  });
});

test("one that fails does not stop the others", async () => {
  sums = `${a}  distro-1.qcow2\n`;
  const cluster = clusterWith(
    added("late", a, { checksumUrl: web.url("/broken") }),
    added("distro", a, { catalog: "distro", release: "1", source: web.url("/distro-1.qcow2") }),
    added("gone", a, { catalog: "gone" }),
  );
  expect(await update(cluster, ["late", "distro", "gone", "never"])).toEqual({
    updates: [["distro", "unchanged", "1", a]],
    failures: [
      ["late", "unreachable"],
      ["gone", "not-found"],
      ["never", "not-found"],
    ],
    digests: [a],
  });
});
