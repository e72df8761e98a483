import { expect, test } from "bun:test";
import { openState } from "../../src/state/state.ts";

test("they are counted for each instance, until it is well again", () => {
  const { restarts, close } = openState(":memory:", "ana@desk", () => new Date());
  expect(restarts.of("1")).toBeUndefined();
  restarts.note("1", "2026-01-01T00:00:00.000Z");
  restarts.note("2", "2026-01-01T00:00:00.000Z");
  restarts.note("1", "2026-01-01T00:01:00.000Z");
  expect(restarts.of("1")).toEqual({ count: 2, lastAt: "2026-01-01T00:01:00.000Z" });
  restarts.clear("1");
  expect(restarts.of("1")).toBeUndefined();
  expect(restarts.of("2")?.count).toBe(1);
  close();
});
