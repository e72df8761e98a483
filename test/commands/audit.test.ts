import { expect, test } from "bun:test";
import { parseSince } from "../../src/commands/since.ts";
import { WaifuError } from "../../src/errors.ts";
import { formatRead } from "../../src/metadata/secret-record.ts";
import { probeRules, scriptedCluster } from "../scripted-cluster.ts";
import { ScriptedRunner } from "../scripted-runner.ts";
import { spec } from "../spec.ts";
import { runCli } from "./run-cli.ts";

const web = { ...spec, name: "web-1", seed: "http" as const };
const reads = [
  { key: "pw", at: "2026-01-01T00:00:00.000Z", address: "192.168.122.2" },
  { key: "tls", at: "2026-01-02T03:00:00.000Z", address: "192.168.122.2" },
].map(formatRead);

function site(...others: Error[]) {
  const n1 = new ScriptedRunner("n1", [
    [/^redis-cli .* LRANGE waifu:reads:/, reads.join("\n")],
    ...probeRules(() => ({
      domains: [
        { spec: web, state: 1 },
        { spec: { ...spec, uuid: spec.uuid.replace("6f", "7f") }, state: 1 },
      ],
    })),
  ]);
  const cluster = scriptedCluster([n1, ...others]);
  const operation = { instance: "web-1", uuid: web.uuid, node: "n1", stages: [] };
  cluster.state.journal.begin({ ...operation, id: "1", verb: "create" });
  cluster.state.journal.end("1", "undone", "no room");
  cluster.state.journal.begin({ ...operation, id: "2", verb: "undo create", instance: "db" });
  cluster.state.journal.end("2", "done");
  const wire = async () => ({ ...cluster, close: async () => {} });
  return { n1, cli: (line: string) => runCli(line.split(" "), { wire }) };
}

const told = (stdout: string) =>
  JSON.parse(stdout).map(({ verb, detail }: { verb: string; detail: string }) => `${verb} ${detail}`.trim());

test("what was done, undone and read comes in the order of time", async () => {
  const { stdout, exitCode } = await site().cli("audit");
  expect(stdout).toMatchInlineSnapshot(`
    "WHEN                  WHO                    WHAT         ON     NODE  TOOK  OUTCOME
    2026-01-01 00:00:00Z  web-1 (192.168.122.2)  secret read  web-1  n1          done: pw
    2026-01-02 03:00:00Z  web-1 (192.168.122.2)  secret read  web-1  n1          done: tls
    2026-01-02 03:04:05Z  tester@here            create       web-1  n1          undone: no room
    2026-01-02 03:04:05Z  tester@here            undo create  db     n1          done
    "
  `);
  expect(exitCode).toBe(0);
});

test.each([
  ["--json", ["secret read pw", "secret read tls", "create no room", "undo create"]],
  ["--json --instance web-1", ["secret read pw", "secret read tls", "create no room"]],
  ["--json --instance db", ["undo create"]],
  ["--json --since 1h", ["secret read tls", "create no room", "undo create"]],
  ["--json --since 2026-01-02T03:04:05Z", ["create no room", "undo create"]],
])("audit %s", async (flags, expected) => {
  expect(told((await site().cli(`audit ${flags}`)).stdout)).toEqual(expected);
});

test("--local asks no node", async () => {
  const { n1, cli } = site();
  expect(told((await cli("audit --json --local")).stdout)).toEqual(["create no room", "undo create"]);
  expect(n1.ran).toEqual([]);
});

test("a node that does not answer is told, and the rest is there", async () => {
  const { stdout, stderr, exitCode } = await site(
    new WaifuError("unreachable", "node n2 does not answer"),
  ).cli("audit --json");
  expect(told(stdout)).toHaveLength(4);
  expect(stderr).toContain("node n2 does not answer");
  expect(exitCode).toBe(6);
});

test.each([
  ["30m", "2026-01-02T02:34:05.000Z"],
  ["12h", "2026-01-01T15:04:05.000Z"],
  ["2d", "2025-12-31T03:04:05.000Z"],
  ["1w", "2025-12-26T03:04:05.000Z"],
  ["2026-01-01", "2026-01-01T00:00:00.000Z"],
  ["2026-01-01T10:00:00+02:00", "2026-01-01T08:00:00.000Z"],
])("--since %s is %s", (text, at) => {
  expect(parseSince(text)(new Date("2026-01-02T03:04:05Z"))).toBe(at);
});

test.each(["", "yesterday", "5", "2026-13-01", "2y"])("--since %p is no time", (text) => {
  expect(() => parseSince(text)).toThrow(expect.objectContaining({ code: "usage" }));
});
