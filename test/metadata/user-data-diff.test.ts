import { expect, test } from "bun:test";
import { applyPatch } from "diff";
import { diffUserData } from "../../src/metadata/user-data-diff.ts";

const lines = (word: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${word} ${index}\n`).join("");

test.each([
  ["a line of many", lines("a", 300_000), `${lines("a", 299_999)}b\n`, 6],
  ["most lines of many", lines("a", 100_000), lines("b", 100_001), 200_001],
  ["all lines of many", lines("a", 100_000), "", 100_000],
  ["from nothing to many", "", lines("a", 100_000), 100_000],
  ["ends without a line end", `${lines("a", 9_999)}a`, `${lines("b", 9_999)}b`, 20_002],
])(
  "%s: the difference makes the one of the other",
  (_, before, after, length) => {
    const diff = diffUserData(
      { text: before, title: "web generation 1" },
      { text: after, title: "web generation 2" },
    );
    expect(diff).toStartWith("--- web generation 1\n+++ web generation 2\n@@ ");
    expect(diff.split("\n").length - 4).toBe(length);
    expect(applyPatch(before, diff) === after).toBe(true);
  },
  30_000,
);
