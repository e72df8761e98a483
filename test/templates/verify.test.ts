import { afterEach, beforeEach, expect, test } from "bun:test";
import { rm } from "node:fs/promises";
import { verifyTemplates } from "../../src/templates/verify.ts";
import { type RootedCluster, rootedCluster } from "./rooted-cluster.ts";

let site: RootedCluster;

beforeEach(async () => {
  site = await rootedCluster();
});

afterEach(() => site.leave());

async function verify(...wanted: string[]) {
  const { cluster, nodes, reporter } = site;
  const { answers, failures } = await verifyTemplates(cluster, nodes, wanted, { reporter });
  expect(failures).toEqual([]);
  return answers.map(({ node, name, image, template }) => [node, name, image, template]);
}

test("what is as it was made is found well, on every node", async () => {
  await site.add("tiny", site.nodes);
  expect(await verify()).toEqual([
    ["n1", "tiny", "ok", "ok"],
    ["n2", "tiny", "ok", "ok"],
  ]);
});

test("a flipped byte of an image is found, and its new digest told", async () => {
  const digest = await site.add("tiny", site.nodes);
  const { cluster, nodes, reporter, path } = site;
  await Bun.$`printf X | dd of=${path("n1", "images", digest)} bs=1 seek=9000 conv=notrunc status=none`;
  const { answers } = await verifyTemplates(cluster, nodes, [], { reporter });
  expect(answers).toEqual([
    {
      node: "n1",
      name: "tiny",
      digest,
      image: "damaged",
      template: "unknown",
      complaint: expect.stringMatching(/^the image's digest is [0-9a-f]{8}… now$/),
    },
    { node: "n2", name: "tiny", digest, image: "ok", template: "ok" },
  ]);
});

test("a template that was written to is found, with its image as the witness", async () => {
  const digest = await site.add("tiny", [site.nodes[0]]);
  await Bun.$`qemu-io -f qcow2 -c ${"write -P 1 64k 512"} ${site.path("n1", "templates", `${digest}.qcow2`)}`.quiet();
  const { cluster, nodes, reporter } = site;
  const { answers } = await verifyTemplates(cluster, nodes, [], { reporter });
  expect(answers).toMatchObject([
    { node: "n1", image: "ok", template: "damaged", complaint: "Content mismatch at offset 65536!" },
  ]);
});

test("without an image nothing can be said; without a template there is only the image", async () => {
  const [one, two] = [await site.add("one", [site.nodes[0]]), await site.add("two", [site.nodes[0]])];
  await rm(site.path("n1", "images", one));
  await rm(site.path("n1", "templates", `${two}.json`));
  expect((await verify()).sort()).toEqual([
    ["n1", "one", "none", "unknown"],
    ["n1", "two", "ok", "none"],
  ]);
});

test("only what was asked for is read; a name that is nowhere is an error", async () => {
  await site.add("one", [site.nodes[0]]);
  const two = await site.add("two", [site.nodes[0]]);
  expect(await verify("one")).toEqual([["n1", "one", "ok", "ok"]]);
  expect(await verify(`two@${two.slice(0, 4)}`)).toEqual([["n1", "two", "ok", "ok"]]);
  expect(verify("ones")).rejects.toMatchObject({ code: "not-found", hint: "Did you mean one?" });
});
