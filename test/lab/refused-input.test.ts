import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type Refuse, refusalsOf } from "./refusals.ts";
import { type TestLab, testLab } from "./test-lab.ts";
import { type Traces, tracesOf } from "./traces.ts";
import { newOperator, nodeTable, type Operator } from "./waifuctl.ts";

setDefaultTimeout(60_000);

let site: TestLab;
let operator: Operator;
let before: Traces[];
let refuses: Refuse;

const hostile = 'it\'s "$(touch /tmp/pwned)" `touch /tmp/pwned`\n; touch /tmp/pwned <&>';

beforeAll(async () => {
  site = await testLab();
  const [, second] = site.nodes;
  operator = await newOperator(site.nodes.map((node) => nodeTable(node)));
  before = await tracesOf(site.nodes);
  const { path } = site.lab.image("tiny");
  await operator.answer("template", "add", "tiny", path);
  await operator.answer(
    "create",
    "taken",
    "-t",
    "tiny",
    "-n",
    second.name,
    "--no-wait",
    "--label",
    `of=${hostile}`,
  );
  refuses = await refusalsOf(operator, site.nodes);
});

afterAll(async () => {
  await operator.answer("delete", "taken", "--yes");
  expect(await tracesOf(site.nodes)).toEqual(before);
  await operator.leave();
});

const create = (...words: string[]) => ["create", "-t", "tiny", ...words];

describe("what does not exist, with the nearest name", () => {
  test.each([
    ["node", create("new", "--node", "n11"), 'there is no node "n11"', "Did you mean n1?"],
    ["template", ["create", "new", "-t", "tinny"], 'there is no template "tinny"', "Did you mean tiny?"],
    ["show", ["show", "takn"], 'there is no instance "takn"', "Did you mean taken?"],
    ["ip", ["ip", "takn"], 'there is no instance "takn"', "Did you mean taken?"],
    ["ssh", ["ssh", "takn", "true"], 'there is no instance "takn"', "Did you mean taken?"],
    ["console", ["console", "takn"], 'there is no instance "takn"', "Did you mean taken?"],
    ["start", ["start", "takn"], 'there is no instance "takn"', "Did you mean taken?"],
    ["stop", ["stop", "takn"], 'there is no instance "takn"', "Did you mean taken?"],
    ["reboot", ["reboot", "takn"], 'there is no instance "takn"', "Did you mean taken?"],
    ["reinit", ["reinit", "takn", "--yes"], 'there is no instance "takn"', "Did you mean taken?"],
    ["delete", ["delete", "takn", "--yes"], 'there is no instance "takn"', "Did you mean taken?"],
    ["nothing near", ["show", "zzzzzz"], 'there is no instance "zzzzzz"', "See waifuctl list."],
  ])("%s", (_, words, message, hint) => refuses(words, 4, message, hint));
});

describe("a taken name", () => {
  test.each([
    ["on the same node", create("taken", "--node", "n2")],
    ["on another node", create("taken", "--node", "n1")],
    ["anywhere", create("taken")],
  ])("%s", (_, words) => refuses(words, 4, "can't create taken: the name is taken on node n2"));
});

describe("a domain that waifuctl did not make", () => {
  const xml =
    "<domain type='qemu'><name>foreign</name><memory>8192</memory><os><type>hvm</type></os></domain>";

  test("is refused its name's sake, is not listed, and is never touched", async () => {
    const [, node] = site.nodes;
    await node.exec(["virsh", "define", "/dev/stdin"], { stdin: xml });
    const definition = await node.exec(["virsh", "dumpxml", "foreign"]);
    const refusesNow = await refusalsOf(operator, site.nodes);
    await refusesNow(create("foreign"), 4, "can't create foreign: the name is taken on node n2");
    await refusesNow(
      ["delete", "foreign", "--yes"],
      4,
      "foreign on node n2 was not made by waifuctl: it is left alone",
    );
    for (const words of [
      ["start"],
      ["stop", "--force"],
      ["reboot"],
      ["reinit", "--yes"],
      ["console"],
      ["ssh"],
    ]) {
      await refusesNow([...words, "foreign"], 4, 'there is no instance "foreign"');
    }
    expect((await operator.answer<{ name: string }[]>("list")).map(({ name }) => name)).toEqual(["taken"]);
    expect(await node.exec(["virsh", "dumpxml", "foreign"])).toEqual(definition);
    expect(definition.exitCode).toBe(0);
    await node.exec(["virsh", "undefine", "foreign"]);
  });
});

describe("a name that can't be one", () => {
  test.each([
    ["a space", "a b", 'it holds " "'],
    ["a slash", "a/b", 'it holds "/"'],
    ["the way up", "../up", 'it holds "."'],
    ["quotes", "'a\"", 'it holds "\'"'],
    ["a command", "$(touch /tmp/pwned)", 'it holds "$"'],
    ["a new line", "a\nb", 'it holds "\\n"'],
    ["300 characters", "x".repeat(300), "it has 300 characters"],
    ["upper case", "Web", "Write web."],
    ["a hyphen at its end", "web-", "it begins or ends with a hyphen"],
  ])("%s", async (_, name, says) => {
    await refuses(create(name), 2, says);
    await refuses(["show", name], 4, "there is no instance");
    await refuses(["delete", name, "--yes"], 4, "there is no instance");
  });

  test("a leading dash", async () => {
    await refuses(create("-web"), 2, "unknown flag");
    await refuses(create("--", "-web"), 2, "it begins or ends with a hyphen");
  });

  test("a template's", () => refuses(["template", "add", "../tiny", "x"], 2, "can't be a template's name"));
});

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
    ["empty", "", ["bad.yaml:1:", "Make #cloud-config its first line"]],
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
    const { stderr, exitCode } = await operator.run("show", "takn", "--json");
    expect({ ...JSON.parse(stderr), exitCode }).toEqual({
      code: "not-found",
      message: 'there is no instance "takn"',
      hint: "Did you mean taken?",
      instance: "takn",
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

test("hostile text is only text: no shell on any node has read it", async () => {
  expect(await operator.answer<object>("show", "taken")).toMatchObject({ labels: { of: hostile } });
  const outcomes = site.nodes.map((node) => node.exec(["test", "-e", "/tmp/pwned"]));
  expect((await Promise.all(outcomes)).map((outcome) => outcome.exitCode)).toEqual([1, 1, 1]);
});
