import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type TestLab, testLab } from "./test-lab.ts";
import { type Traces, tracesOf } from "./traces.ts";
import { newOperator, nodeTable, type Operator } from "./waifuctl.ts";

// A guest boots, and stops for its new size.
setDefaultTimeout(300_000);

let site: TestLab;
let operator: Operator;
let before: Traces[];

/** The folder that the README shows, word by word. */
beforeAll(async () => {
  site = await testLab();
  const [first, second] = site.nodes;
  operator = await newOperator([nodeTable(first), nodeTable(second, { labels: { disk: "nvme" } })]);
  before = await tracesOf(site.nodes);
  // Under the name that the example gives its template.
  const { url, sha256 } = site.lab.image("tiny");
  await operator.answer("template", "add", "debian-12", url, "--sha256", sha256, "--all-nodes");
  const readme = await Bun.file(join(import.meta.dir, "../../README.md")).text();
  await mkdir(join(operator.home, "homelab"));
  for (const name of ["web.toml", "db.toml"]) await write(name, exampleIn(readme, name));
  await write("db.yaml", "#cloud-config\npackages: [postgresql]\n");
});

afterAll(() => operator.leave());

function exampleIn(readme: string, name: string): string {
  const [, text] = new RegExp(`^\`\`\`toml\\n(# ${name}\\n[^]*?)^\`\`\``, "m").exec(readme) ?? [];
  if (text === undefined) throw new Error(`the README shows no ${name}`);
  return text;
}

const write = (name: string, text: string) => Bun.write(join(operator.home, "homelab", name), text);

async function change(name: string, from: string, to: string): Promise<void> {
  const text = await Bun.file(join(operator.home, "homelab", name)).text();
  expect(text).toContain(from);
  await write(name, text.replace(from, to));
}

const apply = (...words: string[]) => operator.run("apply", "-f", "homelab", ...words);
const names = async () => (await operator.answer<{ name: string }[]>("list")).map(({ name }) => name);

test("creates what is described, where it is to be, and a second time changes nothing", async () => {
  expect(await operator.run("diff", "-f", "homelab")).toMatchObject({ exitCode: 9 });
  expect(await apply("--yes")).toMatchObject({ exitCode: 0, stdout: "3 of 3 done\n" });
  const listed = await operator.answer<{ name: string; node: string; labels: object }[]>("list");
  expect(listed.map(({ name }) => name)).toEqual(["db", "web-1", "web-2"]);
  expect(listed[0]).toMatchObject({ node: "n2", labels: { role: "db", "waifu.apply": "homelab" } });
  expect(listed[1]?.labels).toEqual({ role: "web", site: "home", "waifu.apply": "homelab" });
  expect(await apply("--yes")).toMatchObject({
    exitCode: 0,
    stdout: expect.stringContaining("Nothing to do"),
  });
});

test("what is exported is no different from what runs", async () => {
  const { stdout } = await operator.run("export");
  await Bun.write(join(operator.home, "all.toml"), stdout);
  expect(await operator.run("diff", "-f", "all.toml")).toMatchObject({ exitCode: 0 });
});

test("a new size takes a restart of that guest, new user-data none, and the rest is left alone", async () => {
  await change("db.toml", 'memory = "2G"', 'memory = "3G"');
  await change("web.toml", "packages: [nginx]", "packages: [nginx, curl]");
  const diff = await operator.run("diff", "-f", "homelab");
  expect(diff).toMatchObject({ exitCode: 9, stdout: expect.stringContaining("memory: 2GiB → 3GiB") });
  // A guest that is still booting does not hear that it is to stop.
  while ((await operator.run("ssh", "root@db", "true")).exitCode !== 0) await Bun.sleep(500);
  expect(await apply("--yes")).toMatchObject({ exitCode: 0, stdout: "3 of 3 done\n" });
  const shown = await operator.answer<{ state: string; memoryBytes: number }>("show", "db");
  expect(shown).toMatchObject({ state: "running", memoryBytes: 3 * 1024 ** 3 });
  expect((await operator.run("show", "web-1", "--user-data")).stdout).toContain("[nginx, curl]");
  expect(await operator.run("diff", "-f", "homelab")).toMatchObject({ exitCode: 0 });
});

test("prunes what is described no more, and nothing else", async () => {
  await operator.answer("create", "mine", "-t", "debian-12", "--no-wait");
  await change("web.toml", "count = 2", "count = 1");
  expect(await apply("--yes")).toMatchObject({ exitCode: 0 });
  expect(await names()).toEqual(["db", "mine", "web-1", "web-2"]);
  expect(await apply("--prune", "--yes")).toMatchObject({ exitCode: 0, stdout: "1 of 1 done\n" });
  expect(await names()).toEqual(["db", "mine", "web-1"]);
});

test("everything deleted, nothing is left", async () => {
  for (const name of await names()) await operator.answer("delete", name, "--yes");
  for (const node of ["n1", "n2"]) await operator.run("template", "prune", "--node", node, "--yes");
  await operator.run("template", "delete", "debian-12", "--yes");
  expect(await tracesOf(site.nodes)).toEqual(before);
});
