import { afterEach, beforeEach, expect, test } from "bun:test";
import { openState, type State } from "../../src/state/state.ts";

const DAY_MS = 86_400_000;
let now = new Date("2026-01-02T03:04:05Z");
let state: State;
beforeEach(() => {
  now = new Date("2026-01-02T03:04:05Z");
  state = openState(":memory:", "ana@desk", () => now);
});
afterEach(() => state.close());

const operation = { verb: "start", instance: "web", uuid: "u1", node: "n1", stages: ["start"] };
function begin(id: string, change: Partial<typeof operation> = {}): void {
  state.journal.begin({ ...operation, ...change, id });
  now = new Date(now.getTime() + 1000);
}
const outcomes = () => state.journal.recent({ limit: 9 }).map(({ id, outcome }) => `${id} ${outcome}`);

test("recent are the last ones with how they ended, and all that are open", () => {
  for (const id of ["a", "b", "c", "d"]) begin(id, { uuid: id });
  state.journal.end("b", "done");
  state.journal.end("c", "failed", "no room");
  expect(state.journal.recent({ limit: 1 }).map(({ id }) => id)).toEqual(["a", "d"]);
  const [first, , third] = state.journal.recent({ limit: 9 });
  expect(first).toMatchObject({ id: "a", outcome: "running", operator: "ana@desk", endedAt: undefined });
  expect(third).toMatchObject({ outcome: "failed", error: "no room", endedAt: "2026-01-02T03:04:09.000Z" });
});

test("one is found by the beginning of its id, if that is enough", () => {
  begin("abc");
  begin("abcd");
  begin("abd");
  begin("ab%");
  expect(state.journal.find("abc")?.id).toBe("abc");
  expect(state.journal.find("ab%")?.id).toBe("ab%");
  expect(state.journal.find("x")).toBeUndefined();
  expect(() => state.journal.find("ab")).toThrow("several operations begin with ab");
});

test.each<[string, Partial<typeof operation>, string]>([
  ["the same", {}, "done"],
  ["the same in other steps", { stages: ["address", "start"] }, "done"],
  ["that of another instance", { uuid: "u2" }, "running"],
  ["the same elsewhere", { node: "n2" }, "running"],
  ["another verb", { verb: "stop" }, "running"],
])("one that is done puts right what was cut off before: %s", (_, change, outcome) => {
  begin("before", change);
  begin("after");
  state.journal.end("after", "done");
  expect(outcomes()).toEqual([`before ${outcome}`, "after done"]);
});

test("one that failed puts nothing right, nor a secret of another name", () => {
  begin("before");
  begin("after");
  state.journal.end("after", "failed");
  begin("one", { verb: "secret set", stages: ["give one"] });
  begin("two", { verb: "secret set", stages: ["give two"] });
  state.journal.end("two", "done");
  expect(outcomes()).toEqual(["before running", "after failed", "one running", "two done"]);
});

test("the first end counts, also for the audit", () => {
  begin("a");
  state.journal.end("a", "undone", "first");
  state.journal.end("a", "done");
  expect(outcomes()).toEqual(["a undone"]);
  expect(state.audit.read({}).map(({ detail }) => detail)).toEqual(["first"]);
});

test("what was to be removed, and is gone, is done", () => {
  begin("a", { verb: "create" });
  begin("b", { verb: "delete" });
  begin("c", { verb: "template prune" });
  state.journal.settle("u1", "undone");
  expect(outcomes()).toEqual(["a undone", "b done", "c done"]);
});

test("what ended long ago is forgotten bit by bit as others end; what is open stays, and so does the audit", () => {
  begin("open", { uuid: "other" });
  for (let count = 0; count < 45; count++) {
    begin(`old-${count}`, { uuid: `${count}` });
    state.journal.end(`old-${count}`, "done");
  }
  now = new Date(now.getTime() + 91 * DAY_MS);
  const left: number[] = [];
  for (const id of ["x", "y", "z"]) {
    begin(id, { uuid: id });
    state.journal.end(id, "done");
    left.push(state.journal.recent({ limit: 99 }).length);
  }
  expect(left).toEqual([27, 8, 4]);
  expect(state.journal.recent({ limit: 99 }).map(({ id }) => id)).toEqual(["open", "x", "y", "z"]);
  expect(state.audit.read({})).toHaveLength(48);
});
