import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, linkSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { type RootedCluster, rootedCluster } from "../templates/rooted-cluster.ts";
import { outcomes, recoverCutOff } from "./cut-off.ts";

const digest = "d".repeat(64);
let site: RootedCluster;
beforeEach(async () => {
  site = await rootedCluster();
});
afterEach(() => site.leave());

function write(node: string, file: string): string {
  const path = site.path(node, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, "part");
  return path;
}

const cut = { verb: "prepare", instance: "tiny", uuid: digest, stages: ["fetch the image of tiny", "make"] };

test("a preparation is undone: what came of the image goes, whole or not, and what is no template yet", async () => {
  const ends = ["", ".part", ".unpacked"].map((end) => `images/${digest}${end}`);
  const paths = [...ends, `templates/${digest}.qcow2.new`].map((file) => write("n1", file));
  const other = write("n1", `images/${"e".repeat(64)}.part`);
  expect(await recoverCutOff(site.cluster, cut)).toMatchObject({ outcome: "undone" });
  expect(paths.filter(existsSync)).toEqual([]);
  expect(existsSync(other)).toBe(true);
  expect(outcomes(site.cluster)).toEqual(["prepare: undone"]);
});

test("one that was ready but for its end stays", async () => {
  const made = await site.add("tiny", [site.nodes[0]]);
  expect(await recoverCutOff(site.cluster, { ...cut, uuid: made })).toMatchObject({ said: "it was ready" });
  expect(existsSync(site.path("n1", `templates/${made}.qcow2`))).toBe(true);
  expect(existsSync(site.path("n1", `images/${made}`))).toBe(true);
});

test("one whose image was there before is finished: the image may be the only one", async () => {
  const made = await site.add("tiny", [site.nodes[0]]);
  for (const end of ["qcow2", "json"]) rmSync(site.path("n1", `templates/${made}.${end}`));
  const { outcome } = await recoverCutOff(site.cluster, {
    ...cut,
    uuid: made,
    stages: ["make the template"],
  });
  expect(outcome).toBe("done");
  expect(existsSync(site.path("n1", `templates/${made}.qcow2`))).toBe(true);
});

test("a preparation is finished for who wants that", async () => {
  const made = await site.add("tiny", [site.nodes[0]]);
  expect(await recoverCutOff(site.cluster, { ...cut, uuid: made, node: "n2" }, "resume")).toMatchObject({
    outcome: "done",
  });
  expect(existsSync(site.path("n2", `templates/${made}.qcow2`))).toBe(true);
  expect(site.cluster.state.journal.open()).toEqual([]);
});

test("a template's deletion goes on to the end, on all nodes and here", async () => {
  const made = await site.add("tiny", site.nodes);
  const cut = { verb: "template delete", instance: `tiny@${made.slice(0, 8)}`, uuid: made };
  expect(await recoverCutOff(site.cluster, cut)).toMatchObject({ outcome: "done" });
  for (const node of ["n1", "n2"]) expect(existsSync(site.path(node, `images/${made}`))).toBe(false);
  expect(site.cluster.state.templates.all()).toEqual([]);
  expect(site.cluster.state.journal.open()).toEqual([]);
});

test("what was cloned since stays", async () => {
  const made = await site.add("tiny", site.nodes);
  await site.clone(site.nodes[0], "web", made);
  const cut = { verb: "template prune", instance: "tiny@x", uuid: made };
  expect(await recoverCutOff(site.cluster, cut)).toMatchObject({ said: "nothing was left to remove" });
  expect(existsSync(site.path("n1", `templates/${made}.qcow2`))).toBe(true);
});

test.each([
  ["a half copied disk goes", false, false, "undone"],
  ["one that has its digest already goes with it", true, false, "undone"],
  ["one that has become a version leaves that", true, true, "done"],
])("%s", async (_, isAdopted, isKnown, outcome) => {
  const uuid = "capture-6f1d2c3b";
  const part = write("n1", `images/${uuid}.part`);
  const image = site.path("n1", `images/${digest}`);
  const version = { name: "mine", digest, source: "instance:web", addedAt: "2026-01-01" };
  if (isAdopted) linkSync(part, image);
  if (isKnown) site.cluster.state.templates.put({ ...version, trust: "computed" });
  const cut = { verb: "template create", instance: "mine", uuid };
  expect(await recoverCutOff(site.cluster, cut)).toMatchObject({ outcome });
  expect([existsSync(part), existsSync(image)]).toEqual([false, isKnown]);
});

test("a repair is done again", async () => {
  const made = await site.add("tiny", [site.nodes[0]]);
  writeFileSync(site.path("n1", `images/${made}`), "damaged");
  const cut = { verb: "template repair", instance: "tiny", uuid: made };
  expect(await recoverCutOff(site.cluster, cut, "resume")).toMatchObject({ outcome: "done" });
  expect(outcomes(site.cluster)).toEqual(["prepare: done", "template repair: done", "template repair: done"]);
});
