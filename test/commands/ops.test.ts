import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Operation } from "../../src/state/journal.ts";
import { openState, type State } from "../../src/state/state.ts";
import type { WireOptions } from "../../src/wire.ts";
import { probeRules, scriptedCluster } from "../scripted-cluster.ts";
import { ScriptedRunner } from "../scripted-runner.ts";
import { spec } from "../spec.ts";
import { beginAndDie } from "../state/dead-process.ts";
import type { TerminalOptions } from "../terminal/recording-terminal.ts";
import { runCli } from "./run-cli.ts";

const dead: Operation = {
  id: "3f9c21aa-0000",
  verb: "delete",
  instance: spec.name,
  uuid: spec.uuid,
  node: "n1",
  stages: ["undefine", "delete the disk"],
};

let folder = "";
let state: State;
/** Whether each command tells itself of what was cut off. */
let mending: boolean[] = [];
let cli: (line: string, options?: TerminalOptions) => ReturnType<typeof runCli>;
beforeEach(async () => {
  mending = [];
  folder = mkdtempSync(join(tmpdir(), "waifu-ops-"));
  const path = join(folder, "state.db");
  await beginAndDie(path, dead);
  const node = new ScriptedRunner("n1", [[/^rm -f/, ""], ...probeRules(() => ({}))]);
  const scripted = scriptedCluster([node]);
  state = openState(path, "mai@home", scripted.now);
  const wire = async ({ isMending }: WireOptions) => {
    mending.push(isMending);
    return { ...scripted, state, close: async () => {} };
  };
  cli = (line, options) => runCli(line.split(" "), { ...options, wire });
});
afterEach(() => {
  state.close();
  rmSync(folder, { recursive: true });
});

test("list tells what is under way, what was cut off, and how the rest ended", async () => {
  state.journal.begin({ ...dead, id: "b", verb: "start", uuid: "other", instance: "web" });
  state.journal.begin({ ...dead, id: "c", verb: "stop" });
  state.journal.stage("c", 1);
  state.journal.end("c", "failed", "no answer");
  const { stdout, exitCode } = await cli("ops list");
  expect(stdout.replace(/process \d+/, "process PID")).toMatchInlineSnapshot(`
    "ID        BEGUN   VERB    WHAT        NODE  BY        STATE
    3f9c21aa  1d ago  delete  cosy-otter  n1    ana@desk  cut off at "its first step"
    b         0s ago  start   web         n1    mai@home  under way at "its first step": process PID
    c         0s ago  stop    cosy-otter  n1    mai@home  failed: no answer
    "
  `);
  expect(exitCode).toBe(0);
  const conditions = JSON.parse((await cli("ops list --json --limit 0")).stdout);
  expect(conditions).toMatchObject([
    { condition: "cut off", operator: "ana@desk" },
    { condition: "under way" },
  ]);
});

test("one that was cut off is finished after a question, and is in the audit then", async () => {
  const dry = await cli("ops resume 3f9 --dry-run");
  expect(dry.stdout).toBe(
    "Would finish delete cosy-otter on n1: it was confirmed, and part of it may be gone\n",
  );
  const { stdout, questions } = await cli("ops resume 3f9", { isTTY: true, answers: ["y"] });
  expect(questions).toEqual(["Shall waifuctl finish delete cosy-otter on n1?"]);
  expect(stdout).toBe("delete cosy-otter on n1 is done: every trace was removed\n");
  expect(state.journal.open()).toEqual([]);
  expect(state.audit.read({}).map(({ verb, outcome }) => `${verb} ${outcome}`)).toEqual([
    "delete done",
    "delete done",
  ]);
});

test.each<[string, string, number, string]>([
  ["one that there is not", "ops resume xyz --yes", 4, "there is no operation xyz"],
  [
    "one that is alive",
    "ops undo alive --yes",
    5,
    "start web on n1 is under way: mai@home runs it as process",
  ],
  ["one that has ended", "ops resume ended --yes", 4, "stop cosy-otter on n1 has ended: it is done"],
  ["a delete", "ops undo 3f9 --yes", 4, "delete cosy-otter on n1 can't be undone"],
  ["without an answer", "ops resume 3f9", 4, "nobody can answer without a terminal"],
])("%s is refused: %s", async (_, line, exitCode, said) => {
  state.journal.begin({ ...dead, id: "alive", verb: "start", uuid: "other", instance: "web" });
  state.journal.begin({ ...dead, id: "ended", verb: "stop" });
  state.journal.end("ended", "done");
  const result = await cli(line);
  expect(result.exitCode).toBe(exitCode);
  expect(result.stderr).toContain(said);
});

test("only what tells of it itself leaves out the warning of what was cut off", async () => {
  for (const line of ["ops list", "list", "ops undo 3f9 --dry-run"]) await cli(line);
  expect(mending).toEqual([true, false, true]);
});
