import { expect, test } from "bun:test";
import { nearest } from "../src/nearest.ts";

const words = ["create", "delete", "reinit", "snapshot", "ip"];

test.each([
  ["crate", "create"],
  ["cretae", "create"],
  ["DELETE", "delete"],
  ["snaphsot", "snapshot"],
  ["pi", "ip"],
  ["banana", undefined],
  ["", undefined],
])("%j suggests %p", (word, expected) => {
  expect(nearest(word, words)).toBe(expected);
});

test("the first of equally near candidates wins, and none is fine", () => {
  expect(nearest("bat", ["cat", "rat"])).toBe("cat");
  expect(nearest("bat", [])).toBeUndefined();
});
