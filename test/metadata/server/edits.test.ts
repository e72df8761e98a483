import { afterEach, beforeEach, expect, test } from "bun:test";
import { seedOf } from "./samples.ts";
import { Served } from "./served.ts";

const connections = 64;
const edits = 20;
let served: Served;

beforeEach(async () => {
  served = await Served.withGuest();
});

afterEach(() => served.close());

/**
 * Promised: once `storeSeed` or `forgetSeed` has returned, Redis has sent its tracking message, and once that is worked off (its line in the
 * log; a message and one HGETALL on a local socket later) no request gets what was before. A message is lost only with its connection, and
 * then all is read anew.
 */
test("an edit or a deletion is never followed by what was before, while 64 connections ask", async () => {
  /** What a request that begins now must get at least; nothing, once the guest is gone. */
  let due: number | "gone" = 1;
  let isBeingDeleted = false;
  let answers = 0;
  const stale: string[] = [];
  const ask = async () => {
    for (let last = 1; ; answers++) {
      const expected = due;
      const [status, text] = await served.userData();
      if (expected === "gone" && status === 404) return;
      if (isBeingDeleted && status === 404) continue;
      const generation = Number(text.replace("#user ", ""));
      if (!(generation >= last && expected !== "gone" && generation >= expected))
        stale.push(`${status} ${text} where ${expected} was due`);
      last = generation;
    }
  };
  const asking = Array.from({ length: connections }, ask);
  for (let generation = 2; generation <= edits; generation++) {
    const before = answers;
    await served.put(seedOf(1, { generation, files: { "user-data": Buffer.from(`#user ${generation}\n`) } }));
    await served.log.until(`guest-1: generation ${generation}`);
    due = generation;
    // So that each generation is asked for often.
    while (answers < before + connections) await Bun.sleep(0);
  }
  isBeingDeleted = true;
  await served.bury(seedOf(1));
  await served.log.until("guest-1: deleted");
  due = "gone";
  await Promise.all(asking);
  expect(stale).toEqual([]);
  expect(answers).toBeGreaterThan(connections * edits);
});
