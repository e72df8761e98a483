import { expect, test } from "bun:test";
import { addGeneration, parseHistory, type SeedHistory } from "../../src/metadata/seed-history.ts";

const made = { createdAt: "2026-01-02T03:04:05.000Z", createdBy: "mai@home" };
const first: SeedHistory = {
  uuid: "0b6f2a4e-54a1-4d37-93f1-6d6fd1f7f2a5",
  hostname: "web",
  sshKeys: [],
  current: { ...made, generation: 1, userData: "one" },
  earlier: [],
};

test("a generation comes before those that were, which stay as they are", () => {
  const third = ["two", "three"].reduce(
    (history, userData) => addGeneration(history, { ...made, userData }),
    first,
  );
  expect(third).toEqual({
    ...first,
    current: { ...made, generation: 3, userData: "three" },
    earlier: [{ ...made, generation: 2, userData: "two" }, first.current],
  });
  expect(parseHistory(JSON.stringify(third))).toEqual(third);
});

test.each([
  ["of many the oldest fall off", 40, 10, 19],
  ["large ones fall off sooner, but never the one before", 4, 2 * 1024 ** 2, 1],
])("%s", (_, edits, length, kept) => {
  let history = first;
  for (let edit = 0; edit < edits; edit++)
    history = addGeneration(history, { ...made, userData: "x".repeat(length) });
  expect(history.current.generation).toBe(edits + 1);
  expect(history.earlier).toHaveLength(kept);
  expect(history.earlier[0]?.generation).toBe(edits);
});

test.each(["", "{", "null", "{}", '{"uuid":"u","hostname":"h","sshKeys":[],"earlier":[]}'])(
  "%j is no history",
  (json) => {
    expect(parseHistory(json)).toBeUndefined();
  },
);
