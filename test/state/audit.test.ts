import { afterEach, beforeEach, expect, test } from "bun:test";
import { openState, type State } from "../../src/state/state.ts";

let now = new Date("2026-01-02T03:04:05Z");
let state: State;
beforeEach(() => {
  state = openState(":memory:", "ana@desk", () => now);
});
afterEach(() => state.close());

const operation = { id: "1", verb: "create", instance: "web", uuid: "u1", node: "n1", stages: ["disk"] };

test("each operation's end is there with its time and its outcome, the newest last", () => {
  state.journal.begin(operation);
  state.journal.begin({ ...operation, id: "2", verb: "delete", instance: "db" });
  now = new Date("2026-01-02T03:04:07.500Z");
  state.journal.end("2", "failed", "the pool is full");
  now = new Date("2026-01-02T03:04:08Z");
  state.journal.end("1", "done");
  const entry = { operator: "ana@desk", node: "n1" };
  expect(state.audit.read({})).toEqual([
    {
      ...entry,
      at: "2026-01-02T03:04:07.500Z",
      verb: "delete",
      instance: "db",
      outcome: "failed",
      ms: 2500,
      detail: "the pool is full",
    },
    {
      ...entry,
      at: "2026-01-02T03:04:08.000Z",
      verb: "create",
      instance: "web",
      outcome: "done",
      ms: 3000,
      detail: "",
    },
  ]);
});

test("of one instance, or since some time, and what was added by hand", () => {
  const entry = {
    at: "2026-01-01T00:00:00.000Z",
    operator: "mai@home",
    verb: "reconcile",
    instance: "web",
    node: "n1",
    outcome: "done",
    ms: 5,
    detail: "",
  };
  const later = { ...entry, at: "2026-01-03T00:00:00.000Z", instance: "db" };
  state.audit.add(later);
  state.audit.add(entry);
  expect(state.audit.read({})).toEqual([entry, later]);
  expect(state.audit.read({ instance: "web" })).toEqual([entry]);
  expect(state.audit.read({ since: "2026-01-02" })).toEqual([later]);
});
