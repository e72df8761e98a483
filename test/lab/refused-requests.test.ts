import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type Refuse, refusalsOf } from "./refusals.ts";
import { testLab } from "./test-lab.ts";
import { newOperator, nodeTable, type Operator } from "./waifuctl.ts";

setDefaultTimeout(60_000);

let operator: Operator;
let refuses: Refuse;

beforeAll(async () => {
  const { lab, nodes } = await testLab();
  operator = await newOperator(nodes.map((node) => nodeTable(node)));
  await operator.answer("template", "add", "tiny", lab.image("tiny").path);
  refuses = await refusalsOf(operator, nodes);
});

afterAll(() => operator.leave());

const create = (...words: string[]) => ["create", "-t", "tiny", ...words];

describe("a size or number that can't be one", () => {
  test.each([
    ["words", "--memory", "2 gigs", '"2 gigs" is not a size'],
    ["zero", "--memory", "0", '"0" is not a size'],
    ["zero with a unit", "--disk", "0G", '"0G" is nothing'],
    ["no unit", "--disk", "10", '"10" is not a size'],
    ["negative", "--memory=-1G", "", "is not a size"],
    ["negative, apart", "--memory", "-1G", "--memory needs a value"],
    ["more than any disk", "--disk", "99999999T", "is more than any disk holds"],
    ["no processor", "--cpus", "0", '"0" is not a whole number from 1 to 512'],
    ["half a processor", "--cpus", "1.5", '"1.5" is not a whole number from 1 to 512'],
  ])("%s", (_, flag, value, says) => refuses(create("new", ...[flag, value].filter(Boolean)), 2, says));

  test("a disk that is smaller than its template", () =>
    refuses(create("new", "--disk", "1M"), 4, "the template tiny needs a disk of at least", "--disk 1G"));
});

describe("user-data", () => {
  test.each([
    ["not YAML", "#cloud-config\nusers: [\n", ["bad.yaml:", "cloudinit.readthedocs.io"]],
    ["a key twice", "#cloud-config\na: 1\na: 2\n", ["bad.yaml:3:", "unique"]],
    ["no mapping", "#cloud-config\n- a\n", ["bad.yaml:2:", "must be a mapping"]],
    ["without its first line", "users: []\n", ["bad.yaml:1:", "Make #cloud-config its first line"]],
    ["against the schema", "#cloud-config\npackages: git\n", ["bad.yaml:2:11:", "packages must be array"]],
    ["binary", "\0", ["bad.yaml is not UTF-8 text", "b64"]],
  ])("%s", async (_, text, says) => {
    await Bun.write(join(operator.home, "bad.yaml"), text);
    await refuses(create("new", "--user-data", "bad.yaml"), 2, ...says);
  });

  test("no such file", () =>
    refuses(create("new", "--user-data", "none.yaml"), 4, "there is no user-data file none.yaml"));
});

describe("no node fits, each with its reason", () => {
  const each = (why: string) => [
    "no node fits new:",
    ...["n1", "n2", "n3"].map((node) => `  ${node}: ${why}`),
  ];
  test.each([
    ["memory", ["--memory", "900G"], "memory: 900.0 GiB wanted"],
    ["disk", ["--disk", "900T"], "disk: 921600.0 GiB wanted"],
    ["CPUs", ["--cpus", "512"], "CPUs: 512 wanted"],
    ["label", ["--node-label", "gpu=yes"], "it has no label gpu=yes"],
  ])("%s", (_, words, why) => refuses(create("new", ...words), 4, ...each(why)));

  test("the node that was asked for, and only that", () =>
    refuses(
      create("new", "--node", "n3", "--memory", "900G"),
      4,
      "error: node n3 does not fit new:\n  n3: memory: 900.0 GiB wanted",
    ));
});

describe("the command line", () => {
  test.each([
    ["an unknown command", ["craete"], "Did you mean waifuctl create?"],
    ["an unknown flag", create("new", "--memry", "1G"), "Did you mean --memory?"],
    ["a word too many", create("new", "newer"), 'too many words: "newer"'],
    ["a flag without its value", create("new", "--node"), "--node needs a value"],
    ["a flag twice", create("new", "--cpus", "1", "--cpus", "2"), "--cpus is given twice"],
    ["a word that is missing", ["delete", "--yes"], "NAME is missing"],
    ["an empty word", ["delete", "", "--yes"], "NAME is empty"],
  ])("%s", (_, words, says) => refuses(words, 2, says));

  test("errors are JSON where JSON was asked for", async () => {
    const { stderr, exitCode } = await operator.run("show", "none", "--json");
    expect({ ...JSON.parse(stderr), exitCode }).toEqual({
      code: "not-found",
      message: 'there is no instance "none"',
      hint: "See waifuctl list.",
      instance: "none",
      exitCode: 4,
    });
  });
});

describe("cluster.toml", () => {
  test("named but not there", () =>
    refuses(["--cluster", "none.toml", "list"], 3, "There is no cluster file: looked for"));

  test("missing", async () => {
    const empty = join(operator.home, "empty");
    await mkdir(empty);
    for (const words of [["list"], ["list", "--cluster", "none.toml"], create("new")]) {
      const outcome = await operator.runWith({ cwd: empty }, ...words);
      expect(outcome).toEqual({
        stdout: "",
        stderr: expect.stringContaining("There is no cluster file: looked for"),
        exitCode: 3,
      });
      expect(outcome.stderr).toContain("waifuctl init");
    }
  });

  test("all its mistakes at once, each with its line", async () => {
    const toml = [
      "[defaults]",
      'memory = "2 gigs"',
      "colour = 1",
      "[[node]]",
      'name = "n1"',
      "port = 0",
    ].join("\n");
    await Bun.write(join(operator.home, "wrong.toml"), toml);
    await refuses(
      ["list", "--cluster", "wrong.toml"],
      3,
      "wrong.toml:2: ",
      "wrong.toml:3: ",
      "wrong.toml:6: ",
    );
  });
});
