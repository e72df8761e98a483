import { expect, test } from "bun:test";
import { isVersionOf } from "../../src/templates/versions.ts";

const version = { name: "debian-12", digest: "2f8e61c0".padEnd(64, "a") };

test.each([
  ["debian-12", true],
  ["debian-12@2f8e", true],
  ["debian-12@2F8E61C0", true],
  ["2f8e61c0", true],
  ["debian-13", false],
  ["debian-12@2f8f", false],
  ["debian-13@2f8e", false],
  ["2f8e61c1", false],
])("%s means it: %p", (words, isMeant) => {
  expect(isVersionOf(version, words)).toBe(isMeant);
});

test("what can't be a version is refused", () => {
  expect(() => isVersionOf(version, "debian-12@newest")).toThrow('"newest" is no version');
});
