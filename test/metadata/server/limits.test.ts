import { expect, test } from "bun:test";
import { RateLimit } from "../../../src/metadata/server/rate-limit.ts";
import { createLog } from "../../../src/metadata/server/service-log.ts";

test("a caller has twice its rate at once, and then its rate", () => {
  let nowMs = 0;
  const limit = new RateLimit(5);
  const taken = () => Array.from({ length: 100 }, () => limit.take("a", nowMs)).filter(Boolean).length;
  expect(taken()).toBe(10);
  nowMs += 200;
  expect(taken()).toBe(1);
  nowMs += 3_600_000;
  expect(taken()).toBe(10);
});

test("of many callers the first are forgotten, and the last are not", () => {
  const limit = new RateLimit(1);
  const take = (caller: string) => [limit.take(caller, 0), limit.take(caller, 0), limit.take(caller, 0)];
  for (let caller = 0; caller < 5000; caller++) expect(take(String(caller))).toEqual([true, true, false]);
  expect(limit.take("4999", 0)).toBe(false);
  expect(limit.take("0", 0)).toBe(true);
});

test("refusals are told ten a second, the rest as a number", () => {
  const lines: string[] = [];
  let nowMs = 0;
  const log = createLog(
    (line) => lines.push(line),
    () => nowMs,
  );
  for (let count = 0; count < 25; count++) log.refusal("refused");
  log.event("told anyway");
  nowMs += 1000;
  log.refusal("later");
  expect(lines).toEqual([
    ...Array(10).fill("refused"),
    "told anyway",
    "15 more refusals were not told",
    "later",
  ]);
});
