import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
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
  ])("%s", (_, words) =>
    refuses(words, 4, "can't create taken: the name is taken on node n2", "waifuctl delete taken"),
  );
});

describe("a domain that waifuctl did not make", () => {
  const xml =
    "<domain type='qemu'><name>foreign</name><memory>8192</memory><os><type>hvm</type></os></domain>";

  test("is refused its name's sake, is not listed, and is never touched", async () => {
    const [, node] = site.nodes;
    await node.exec(["virsh", "define", "/dev/stdin"], { stdin: xml });
    const definition = await node.exec(["virsh", "dumpxml", "foreign"]);
    const refusesNow = await refusalsOf(operator, site.nodes);
    await refusesNow(
      create("foreign"),
      4,
      "can't create foreign: the name is taken on node n2\nhint: Choose another name.\n",
    );
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

test("hostile text is only text: no shell on any node has read it", async () => {
  expect(await operator.answer<object>("show", "taken")).toMatchObject({ labels: { of: hostile } });
  const outcomes = site.nodes.map((node) => node.exec(["test", "-e", "/tmp/pwned"]));
  expect((await Promise.all(outcomes)).map((outcome) => outcome.exitCode)).toEqual([1, 1, 1]);
});
