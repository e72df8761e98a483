import { expect, test } from "bun:test";
import { knownKeys } from "../../src/config/cluster-file.ts";
import { embeddedClusterText } from "../../src/config/embedded-cluster.ts";
import { parseClusterConfig } from "../../src/config/parse-cluster-config.ts";
import template from "../../templates/cluster.toml" with { type: "text" };

const environment = { HOME: "/home/mai" };

test("the embedded cluster is this machine, and says what the defaults are", () => {
  const embedded = parseClusterConfig(embeddedClusterText, "/c.toml", environment);
  const bare = '[defaults]\ntemplate = "debian-12"\n[[node]]\nname = "local"\nlocal = true';
  expect(embedded).toEqual(parseClusterConfig(bare, "/c.toml", environment));
});

test.each(Object.values(knownKeys).flat())("the embedded cluster explains the key %s", (key) => {
  expect(embeddedClusterText).toMatch(new RegExp(`^(# |.*[{:] *|.*, )?(${key} = |\\[+${key}\\])`, "m"));
});

test("its commented-out lines are right as well", () => {
  const text = embeddedClusterText.replace(/^# (?=\w+ = |\[\[)/gm, "");
  const { nodes, defaults } = parseClusterConfig(text, "/c.toml", environment);
  expect(nodes.map(({ name, storage }) => [name, storage.kind])).toEqual([
    ["local", "dir"],
    ["alpha", "zfs"],
  ]);
  expect(defaults.userDataFile).toBe("/base.yaml");
});

test.each(["defaults", "node_defaults"])("init's template has a line for every key of [%s]", (section) => {
  const templateText: string = template;
  const body = templateText.split(`[${section}]\n`)[1]?.split("\n\n")[0] ?? "";
  expect([...(body.match(/(?<=^# )\w+(?= = )/gm) ?? [])]).toEqual([...(knownKeys[section] ?? [])]);
});
