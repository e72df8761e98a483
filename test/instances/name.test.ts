import { expect, test } from "bun:test";
import { checkInstanceName, makeUpName } from "../../src/instances/name.ts";
import { adjectives, nouns } from "../../src/instances/name-words.ts";

test.each(["a", "0", "web", "web-1", "1st", "a--b", "x".repeat(63)])("%s is a name", (name) => {
  expect(() => checkInstanceName(name)).not.toThrow();
});

const rules = "Use lower-case letters, digits and inner hyphens, at most 63 of them.";

test.each([
  ["", `"" can't name an instance: it is empty`, rules],
  ["-rf", `"-rf" can't name an instance: it begins or ends with a hyphen`, rules],
  ["web-", `"web-" can't name an instance: it begins or ends with a hyphen`, rules],
  ["Web", `"Web" can't name an instance: it holds "W"`, "Write web."],
  ["my vm", `"my vm" can't name an instance: it holds " "`, rules],
  ["a/b", `"a/b" can't name an instance: it holds "/"`, rules],
  ["../etc", `"../etc" can't name an instance: it holds "."`, rules],
  ["a.b", `"a.b" can't name an instance: it holds "."`, rules],
  ["a_b", `"a_b" can't name an instance: it holds "_"`, rules],
  ["it's", `"it's" can't name an instance: it holds "'"`, rules],
  ['a"b', `"a\\"b" can't name an instance: it holds "\\""`, rules],
  ["$(reboot)", `"$(reboot)" can't name an instance: it holds "$"`, rules],
  ["a\nb", `"a\\nb" can't name an instance: it holds "\\n"`, rules],
  ["web\n", `"web\\n" can't name an instance: it holds "\\n"`, rules],
  ["a\u001b[2Jb", `"a\\u001b[2Jb" can't name an instance: it holds "\\u001b"`, rules],
  ["grüße", `"grüße" can't name an instance: it holds "ü"`, rules],
  ["🦊", `"🦊" can't name an instance: it holds "🦊"`, rules],
  ["x".repeat(300), `"${"x".repeat(40)}…" can't name an instance: it has 300 characters`, rules],
])("%j is refused", (name, message, hint) => {
  expect(() => checkInstanceName(name)).toThrow(expect.objectContaining({ code: "usage", message, hint }));
});

test("there are enough words, each once, and any two make a good name", () => {
  for (const words of [adjectives, nouns]) {
    expect(words.length).toBeGreaterThanOrEqual(60);
    expect(new Set(words).size).toBe(words.length);
    for (const word of words) expect(word).toMatch(/^[a-z]{3,8}$/);
  }
});

test.each([0, 0.5, 0.999_999])("a made-up name is a name, with the dice at %d", (dice) => {
  const name = makeUpName(new Set(), () => dice);
  expect(name).toMatch(/^[a-z]+-[a-z]+$/);
  expect(() => checkInstanceName(name)).not.toThrow();
});

test("a name that is taken is never made up, even when all are", () => {
  const pairs = adjectives.flatMap((adjective) => nouns.map((noun) => `${adjective}-${noun}`));
  const last = pairs.pop() ?? "";
  const taken = new Set(pairs);
  expect(makeUpName(taken, () => 0)).toBe(last);
  taken.add(last);
  expect(makeUpName(taken, () => 0)).toBe(`${pairs[0]}-2`);
});
