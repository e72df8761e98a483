import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { decidePrune, prune } from "../../src/templates/prune.ts";
import { type RootedCluster, rootedCluster } from "./rooted-cluster.ts";

let site: RootedCluster;

beforeEach(async () => {
  site = await rootedCluster();
});

afterEach(() => site.leave());

async function pruneAll(nodes = site.nodes as readonly (typeof site.nodes)[number][]) {
  const { cluster, reporter } = site;
  const { answers, failures } = await prune(cluster, await decidePrune(cluster, nodes), { reporter });
  expect(failures).toEqual([]);
  return answers.map(({ node, name, digest }) => [node.name, name, digest]);
}

const known = () => site.cluster.state.templates.all().map(({ digest }) => digest);

test("old versions go where nothing is cloned from them; the newest and the used stay", async () => {
  const [n1] = site.nodes;
  const [used, unused, newest] = [
    await site.add("tiny", site.nodes),
    await site.add("tiny", site.nodes),
    await site.add("tiny", [n1]),
  ];
  await site.clone(n1, "web", used);
  const { removals, forgotten } = await decidePrune(site.cluster, site.nodes);
  expect(removals.find(({ digest }) => digest === unused)?.bytes).toBeGreaterThan(2 * 1024 ** 2);
  expect(forgotten.map(({ digest }) => digest)).toEqual([unused]);
  expect((await pruneAll()).sort()).toEqual(
    [
      ["n1", "tiny", unused],
      ["n2", "tiny", unused],
      ["n2", "tiny", used],
    ].sort(),
  );
  expect(known()).toEqual([newest, used]);
  expect(existsSync(site.path("n1", "images", newest))).toBe(true);
  expect(await pruneAll()).toEqual([]);
});

test("with some nodes left out a version stays known", async () => {
  const [n1] = site.nodes;
  const [old, newest] = [await site.add("tiny", site.nodes), await site.add("tiny", [n1])];
  expect(await pruneAll([n1])).toEqual([["n1", "tiny", old]]);
  expect(known()).toEqual([newest, old]);
});

test("what another operator added is left alone", async () => {
  const [n1] = site.nodes;
  const [old, newest] = [await site.add("tiny", [n1]), await site.add("tiny", [n1])];
  for (const digest of [old, newest]) site.cluster.state.templates.forget("tiny", digest);
  expect(await pruneAll()).toEqual([]);
});

test("what was left unfinished goes after a day, not before", async () => {
  const [n1] = site.nodes;
  const newest = await site.add("tiny", [n1]);
  const part = site.path("n1", "images", `${newest}.part`);
  const orphan = site.path("n1", "images", "f".repeat(64));
  for (const file of [part, orphan]) await Bun.write(file, "something");
  expect(await pruneAll()).toEqual([]);
  for (const file of [part, orphan, site.path("n1", "images", newest)]) await site.age(file);
  expect((await pruneAll()).map(([, name]) => name).sort()).toEqual(["image", "unfinished"]);
  expect([part, orphan, site.path("n1", "images", newest)].map((file) => existsSync(file))).toEqual([
    false,
    false,
    true,
  ]);
});

test("the image of a newest version whose template is not made yet stays", async () => {
  const newest = await site.add("tiny", [site.nodes[0]]);
  await rm(site.path("n1", "templates", `${newest}.json`));
  await site.age(site.path("n1", "images", newest));
  expect(await pruneAll()).toEqual([]);
});

test("a disk that stands on a template without its label keeps it", async () => {
  const [n1] = site.nodes;
  const [old] = [await site.add("tiny", [n1]), await site.add("tiny", [n1])];
  await site.clone(n1, "web", old);
  await rm(site.path("n1", "templates", `${old}.json`));
  expect(await pruneAll()).toEqual([]);
  expect(existsSync(site.path("n1", "templates", `${old}.qcow2`))).toBe(true);
});
