import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { WaifuError } from "../../src/errors.ts";
import { decideDelete, deleteTemplate } from "../../src/templates/delete.ts";
import { type RootedCluster, rootedCluster } from "./rooted-cluster.ts";

let site: RootedCluster;

beforeEach(async () => {
  site = await rootedCluster();
});

afterEach(() => site.leave());

async function remove(wanted: string) {
  const { cluster, reporter } = site;
  const { answers, failures } = await deleteTemplate(cluster, await decideDelete(cluster, wanted), {
    reporter,
  });
  expect(failures).toEqual([]);
  return answers.map(({ node, name, digest }) => [node.name, name, digest]);
}

function exists(node: string, digest: string): boolean[] {
  return [`images/${digest}`, `templates/${digest}.json`, `templates/${digest}.qcow2`].map((file) =>
    existsSync(site.path(node, file)),
  );
}

test("a name goes with all its versions, from every node and from memory", async () => {
  const [old, young] = [await site.add("tiny", site.nodes), await site.add("tiny", [site.nodes[0]])];
  const other = await site.add("other", [site.nodes[0]]);
  expect((await remove("tiny")).sort()).toEqual(
    [
      ["n1", "tiny", old],
      ["n1", "tiny", young],
      ["n2", "tiny", old],
    ].sort(),
  );
  expect([exists("n1", old), exists("n1", young), exists("n2", old)].flat()).not.toContain(true);
  expect(exists("n1", other)).toEqual([true, true, true]);
  expect(site.cluster.state.templates.all().map(({ name }) => name)).toEqual(["other"]);
  expect(site.cluster.state.journal.open()).toEqual([]);
});

test("one version goes, the others stay", async () => {
  const [old, young] = [await site.add("tiny", [site.nodes[0]]), await site.add("tiny", [site.nodes[0]])];
  await remove(`tiny@${old.slice(0, 8)}`);
  expect([exists("n1", old), exists("n1", young)].flat()).toEqual([false, false, false, true, true, true]);
  expect(decideDelete(site.cluster, `tiny@${old.slice(0, 8)}`)).rejects.toMatchObject({ code: "not-found" });
});

test("one that is in use is refused with the instances, also those without a domain", async () => {
  const digest = await site.add("tiny", site.nodes);
  const [n1, n2] = site.nodes;
  await site.clone(n1, "web", digest);
  await site.clone(n2, "db", digest);
  expect(decideDelete(site.cluster, "tiny")).rejects.toMatchObject({
    code: "refused",
    message: `tiny@${digest.slice(0, 8)} is in use by web on n1, db on n2`,
    hint: expect.stringContaining("waifuctl delete web"),
  });
  expect(exists("n1", digest)).toEqual([true, true, true]);
});

test("one that came into use after it was decided stays on that node, and is still known", async () => {
  const digest = await site.add("tiny", site.nodes);
  const decided = await decideDelete(site.cluster, "tiny");
  await site.clone(site.nodes[0], "web", digest);
  const { reporter, cluster } = site;
  const { answers, failures } = await deleteTemplate(cluster, decided, { reporter });
  expect(failures).toMatchObject([{ node: { name: "n1" }, error: { code: "refused" } }]);
  expect(answers.map(({ node }) => node.name)).toEqual(["n2"]);
  expect(exists("n1", digest)).toEqual([true, true, true]);
  expect(cluster.state.templates.versions("tiny")).toHaveLength(1);
});

test("bytes that another name means too stay on the nodes", async () => {
  const digest = await site.add("tiny", [site.nodes[0]]);
  const [version] = site.cluster.state.templates.versions("tiny");
  if (version === undefined) throw new Error("not added");
  site.cluster.state.templates.put({ ...version, name: "alias" });
  expect(await remove("tiny")).toEqual([]);
  expect(exists("n1", digest)).toEqual([true, true, true]);
  expect(site.cluster.state.templates.all().map(({ name }) => name)).toEqual(["alias"]);
});

test("a node that does not answer may use it", async () => {
  await site.add("tiny", [site.nodes[0]]);
  const down = new WaifuError("unreachable", "node n2 does not answer", { node: "n2" });
  const { connect } = site.cluster;
  const cluster = {
    ...site.cluster,
    connect: (node: Parameters<typeof connect>[0]) =>
      node.name === "n2" ? Promise.reject(down) : connect(node),
  };
  expect(decideDelete(cluster, "tiny")).rejects.toMatchObject({ code: "unreachable", node: "n2" });
});
