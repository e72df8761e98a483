import { expect, test } from "bun:test";
import { parseDescriptions } from "../../src/config/parse-descriptions.ts";
import { WaifuError } from "../../src/errors.ts";

const GiB = 1024 ** 3;

/** Files beside the operator: descriptions by their name, and what these name. */
function parse(texts: Record<string, string>, files: Record<string, string> = {}) {
  const sources = Object.entries(texts).map(([path, text]) => ({ path, folder: "/home/mai/lab", text }));
  return parseDescriptions(sources, (path) => files[path]);
}

function refusal(...parameters: Parameters<typeof parse>): string {
  try {
    parse(...parameters);
  } catch (error) {
    if (error instanceof WaifuError && error.code === "config")
      return `${error.message}\n${error.hint ?? ""}`;
    throw error;
  }
  throw new Error("the text was accepted");
}

test("every key is understood, and paths start from the file's folder", () => {
  const text = `set = "homelab"
[[instance]]
name = "web"
template = "debian-12@2f8e61c0"
cpus = 2
memory = "2G"
disk = "20G"
user_data_file = "web.yaml"
ssh_key_file = "~/.ssh/lab.pub"
labels = { role = "web", "odd-key's" = "" }
node = "alpha"
node_labels = { disk = "nvme" }
seed = "http"
restart = "always"
`;
  const { instances, sets } = parse({ "lab.toml": text }, { "/home/mai/lab/web.yaml": "#cloud-config\n" });
  expect(sets).toEqual(["homelab"]);
  expect(instances).toEqual([
    {
      name: "web",
      origin: "lab.toml:2",
      set: "homelab",
      template: "debian-12@2f8e61c0",
      cpus: 2,
      memoryBytes: 2 * GiB,
      diskBytes: 20 * GiB,
      userData: { text: "#cloud-config\n", path: "web.yaml" },
      sshKeyFile: expect.stringMatching(/^\/.*\/\.ssh\/lab\.pub$/),
      labels: { role: "web", "odd-key's": "" },
      node: "alpha",
      nodeLabels: { disk: "nvme" },
      seed: "http",
      restart: "always",
    },
  ]);
});

test.each([
  ['name = "web"', ["web"]],
  ['name = "web"\ncount = 3', ["web-1", "web-2", "web-3"]],
  ['name = "web{n}x"\ncount = 2', ["web1x", "web2x"]],
  ['name = "web"\ncount = 1', ["web-1"]],
  ['name = "web"\ncount = 0', []],
])("%j describes %j", (lines, names) => {
  expect(parse({ "lab.toml": `[[instance]]\n${lines}` }).instances.map(({ name }) => name)).toEqual(names);
});

test("the defaults of a file are each instance's own, but for what it says itself; labels are put together", () => {
  const text = `[defaults]
memory = "2G"
cpus = 4
user_data = "#!/bin/sh"
labels = { site = "home", role = "none" }
[[instance]]
name = "a"
[[instance]]
name = "b"
cpus = 1
user_data_file = "/b.yaml"
labels = { role = "web" }
`;
  const other = '[[instance]]\nname = "c"\n';
  const { instances } = parse({ "lab.toml": text, "other.toml": other }, { "/b.yaml": "#cloud-config" });
  const figures = instances.map(({ cpus, memoryBytes, userData, labels }) => [
    cpus,
    memoryBytes,
    userData?.text,
    labels,
  ]);
  expect(figures).toEqual([
    [4, 2 * GiB, "#!/bin/sh", { site: "home", role: "none" }],
    [1, 2 * GiB, "#cloud-config", { site: "home", role: "web" }],
    [undefined, undefined, undefined, undefined],
  ]);
});

test.each([
  ['colour = "red"', "3: instance.colour is not a key that waifuctl knows"],
  ['template = ["a"]', "3: instance.template must be text in quotes, not a list"],
  ["memory = 2", '3: instance.memory must be a size in quotes, like "2G"'],
  ['seed = "disk"', '3: instance.seed must be "cidata" or "http", not "disk"'],
  ['restart = "no"', '3: instance.restart must be "always" or "on-failure" or "never", not "no"'],
  ["count = -1", "3: instance.count must be 0 or more"],
  ['user_data_file = "gone.yaml"', "3: instance.user_data_file names no file that can be read: gone.yaml"],
  ['user_data_file = "/a"\nuser_data = ""', "3: instance.user_data_file excludes user_data"],
  ['labels = { "a b" = "c" }', "3: instance.labels.a b may hold no white space and no = in its keys"],
  [
    'labels = { "waifu.apply" = "x" }',
    '3: instance.labels.waifu.apply is waifuctl\'s own: write set = "NAME" at the top of the file',
  ],
])("the line %s is refused", (line, complaint) => {
  const text = `[[instance]]\nname = "web"\n${line}\n`;
  expect(refusal({ "lab.toml": text }, { "/a": "" }).split("\n")[0]).toBe(`lab.toml:${complaint}`);
});

test.each([
  [
    "[instance]\nname = 'a'",
    "1: instance must be a list of tables, each under its [[instance]], not a table",
  ],
  ["[[instance]]\ncpus = 1", "1: instance.name is missing"],
  ["[[instance]]\nname = 'Web'", "2: instance.name must be a DNS label"],
  ["[[instance]]\nname = 'web{n}'", "2: instance.name has a {n} but no count"],
  [`[[instance]]\nname = '${"w".repeat(61)}'\ncount = 10`, "2: instance.name is too long with its number"],
  ["instances = []", "1: instances is not a key that waifuctl knows"],
  ["set = 'two words'", "1: set must be one word"],
])("%j is refused", (text, complaint) => {
  expect(refusal({ "lab.toml": text }).split("\n")[0]).toBe(`lab.toml:${complaint}`);
});

test("the mistakes of all files are told at once, a name taken twice over them too", () => {
  const one = `set = ""
[[instance]]
name = "web-2"
cpus = 0
[[instance]]
name = "db"
`;
  const two = `[defaults]
user_data_file = "gone.yaml"
[[instance]]
name = "web"
count = 3
memroy = "1G"
[[instance]]
name = "db"
`;
  expect(refusal({ "one.toml": one, "two.toml": two })).toMatchInlineSnapshot(`
    "6 mistakes in the descriptions:
    one.toml:1: set must be one word. Letters, digits, dots, dashes and underscores, such as homelab.
    one.toml:4: instance.cpus must be 1 or more
    two.toml:2: defaults.user_data_file names no file that can be read: gone.yaml
    two.toml:4: instance.name "web-2" is already taken by one.toml:3
    two.toml:6: instance.memroy is not a key that waifuctl knows. Did you mean memory?
    two.toml:8: instance.name "db" is already taken by one.toml:6
    The README, under Descriptions, explains every key."
  `);
});
