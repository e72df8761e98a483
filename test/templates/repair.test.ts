import { afterEach, beforeEach, expect, test } from "bun:test";
import { rm } from "node:fs/promises";
import { repairTemplates } from "../../src/templates/repair.ts";
import { isDamaged, verifyTemplates } from "../../src/templates/verify.ts";
import { type RootedCluster, rootedCluster } from "./rooted-cluster.ts";

let site: RootedCluster;
let digest: string;

beforeEach(async () => {
  site = await rootedCluster();
  digest = await site.add("tiny", [site.nodes[0]]);
});

afterEach(() => site.leave());

async function repair() {
  const { cluster, nodes, reporter } = site;
  const [version] = cluster.state.templates.versions("tiny");
  const template = { name: "tiny", digest, source: version?.source, isNewest: true };
  const { answers, failures } = await repairTemplates(cluster, template, nodes, { reporter });
  const { answers: verdicts } = await verifyTemplates(cluster, nodes, [], { reporter });
  expect(verdicts.filter(isDamaged)).toEqual([]);
  expect(cluster.state.journal.open()).toEqual([]);
  return { answers, failures };
}

test("where all is well, or where nothing of it is, nothing is done", async () => {
  expect((await repair()).answers).toEqual([
    { node: "n1", image: "as it was", template: "as it was" },
    { node: "n2", image: "none", template: "none" },
  ]);
});

test("a damaged image, or none, is fetched again", async () => {
  const image = site.path("n1", "images", digest);
  await Bun.$`printf X | dd of=${image} bs=1 seek=9000 conv=notrunc status=none`;
  expect((await repair()).answers[0]).toEqual({
    node: "n1",
    image: "fetched again",
    template: "as it was",
  });
  await rm(image);
  expect((await repair()).answers[0]).toMatchObject({ image: "fetched again" });
});

test("a damaged template is made anew below the disks that stand on it", async () => {
  const [n1] = site.nodes;
  await site.clone(n1, "web", digest);
  const template = site.path("n1", "templates", `${digest}.qcow2`);
  await Bun.$`qemu-io -f qcow2 -c ${"write -P 1 64k 512"} ${template}`.quiet();
  expect((await repair()).answers[0]).toEqual({ node: "n1", image: "as it was", template: "remade" });
});

test("where the image can't be had again, the node says so and the template stays", async () => {
  site.cluster.state.templates.forget("tiny", digest);
  await Bun.$`printf X | dd of=${site.path("n1", "images", digest)} bs=1 seek=9000 conv=notrunc status=none`;
  const { cluster, nodes, reporter } = site;
  const template = { name: "tiny", digest, isNewest: true };
  const { failures } = await repairTemplates(cluster, template, nodes, { reporter });
  expect(failures).toMatchObject([{ error: { code: "refused" } }]);
  expect(await Bun.file(site.path("n1", "templates", `${digest}.json`)).exists()).toBe(true);
});
