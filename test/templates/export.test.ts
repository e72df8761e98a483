import { afterEach, beforeEach, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { decideExport, exportTemplate } from "../../src/templates/export.ts";
import { type RootedCluster, rootedCluster } from "./rooted-cluster.ts";

let site: RootedCluster;
let file: string;

beforeEach(async () => {
  site = await rootedCluster();
  file = site.path("n1", "..", "exported");
});

afterEach(() => site.leave());

async function exportTo(path: string, signal?: AbortSignal) {
  const { cluster, reporter } = site;
  return await exportTemplate(cluster, await decideExport(cluster, "tiny"), path, { reporter, signal });
}

async function damage(node: string, digest: string): Promise<void> {
  await Bun.$`printf X | dd of=${site.path(node, "images", digest)} bs=1 seek=9000 conv=notrunc status=none`;
}

test("the file is the image, byte for byte", async () => {
  const digest = await site.add("tiny", site.nodes);
  expect(await exportTo(file)).toEqual({ path: file, node: "n1", bytes: 1024 ** 2 });
  expect(
    createHash("sha256")
      .update(await Bun.file(file).bytes())
      .digest("hex"),
  ).toBe(digest);
  expect(existsSync(`${file}.part`)).toBe(false);
  expect(site.reporter.lines).toContain(
    `update image of tiny@${digest.slice(0, 8)} from n1: ${1024 ** 2} of ${1024 ** 2} bytes`,
  );
});

test("a damaged image is passed over for the next node's", async () => {
  const digest = await site.add("tiny", site.nodes);
  await damage("n1", digest);
  expect(await exportTo(file)).toMatchObject({ node: "n2" });
  expect(site.reporter.lines).toContainEqual(
    expect.stringMatching(/^warn the image of tiny on node n1 is damaged/),
  );
});

test("when every image is damaged, what was there before is untouched", async () => {
  const digest = await site.add("tiny", [site.nodes[0]]);
  await damage("n1", digest);
  await Bun.write(file, "before");
  const exporting = exportTo(file);
  await expect(exporting).rejects.toMatchObject({ code: "digest-mismatch", node: "n1" });
  expect([await Bun.file(file).text(), existsSync(`${file}.part`)]).toEqual(["before", false]);
});

test("a place that can't be written to, and an abort, leave nothing", async () => {
  await site.add("tiny", [site.nodes[0]]);
  await expect(exportTo("/proc/none/file")).rejects.toMatchObject({ code: "refused" });
  await expect(exportTo(file, AbortSignal.abort())).rejects.toThrow();
  expect([existsSync(file), existsSync(`${file}.part`)]).toEqual([false, false]);
});

test("an image that no node keeps is refused", async () => {
  await site.add("tiny", []);
  expect(decideExport(site.cluster, "tiny")).rejects.toMatchObject({
    code: "not-found",
    hint: "Bring it to one: waifuctl template add tiny --node n1",
  });
});
