import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { type TemplateSite, templateSite } from "./template-site.ts";
import { newOperator, nodeTable, type Operator } from "./waifuctl.ts";

setDefaultTimeout(180_000);

let site: TemplateSite;

beforeAll(async () => {
  site = await templateSite();
});

afterAll(() => site.leave());

test("creates that need one image on one node wait for one download", async () => {
  const { operator, tree, image } = site;
  await site.name("shared", site.offer("shared"));
  const names = ["one", "two", "three"];
  const create = (name: string) => operator.run("create", name, "-t", "shared", "-n", "n1", "--no-wait");
  const outcomes = await Promise.all(names.map(create));
  expect(outcomes.map(({ exitCode, stderr }) => (exitCode === 0 ? "" : stderr))).toEqual(["", "", ""]);
  expect(tree.bytesSent("/shared")).toBe(image.sizeBytes);
  const waited = outcomes.filter(({ stderr }) =>
    /^Waiting for \S+@\S+ \d+, who is at work on n1\.$/m.test(stderr),
  );
  expect(waited.length).toBeGreaterThanOrEqual(2);
  for (const name of names) await operator.answer("delete", name, "--yes");
  await site.forget("shared");
});

test("nodes that need one image at once share one download", async () => {
  const { operator, tree, image } = site;
  await site.name("spread", site.offer("spread"));
  await operator.answer("template", "add", "spread", "--all-nodes");
  expect(tree.bytesSent("/spread")).toBe(image.sizeBytes);
  const kept = await Promise.all(
    site.nodes.map((node) =>
      node.exec(["sh", "-c", 'sha256sum <"/var/lib/waifu/images/$1"', "sh", image.digest]),
    ),
  );
  expect(kept.map(({ stdout }) => stdout)).toEqual(Array(3).fill(`${image.digest}  -\n`));
  await site.forget("spread");
});

test("two operators give one name to different images at the same time", async () => {
  const other = await newOperator(site.nodes.map((node) => nodeTable(node)));
  const theirs = await site.freshImage();
  const sides: readonly (readonly [who: Operator, digest: string, url: string])[] = [
    [site.operator, site.image.digest, site.offer("mine")],
    [other, theirs.digest, site.offer("theirs", undefined, theirs.path)],
  ];
  const added = await Promise.all(
    sides.map(([who, digest, url]) =>
      who.run("template", "add", "same", url, "--sha256", digest, "--node", "n1"),
    ),
  );
  expect(added.map(({ exitCode, stderr }) => (exitCode === 0 ? "" : stderr))).toEqual(["", ""]);
  for (const [who, digest] of sides) {
    const { name } = await who.answer<{ name: string }>("create", "-t", "same", "-n", "n1", "--no-wait");
    expect(await who.answer<object>("show", name)).toMatchObject({ template: { name: "same", digest } });
    await who.answer("delete", name, "--yes");
  }
  for (const [who, digest] of sides) {
    expect(await who.run("template", "delete", `same@${digest.slice(0, 8)}`, "--yes")).toMatchObject({
      exitCode: 0,
    });
  }
  await other.leave();
});
