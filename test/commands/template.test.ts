import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { WaifuError } from "../../src/errors.ts";
import type { TemplateVersion } from "../../src/state/templates.ts";
import { serve } from "../http/web-server.ts";
import { probeRules, scriptedCluster } from "../scripted-cluster.ts";
import { ScriptedRunner } from "../scripted-runner.ts";
import { spec } from "../spec.ts";
import { runCli } from "./run-cli.ts";

const [a, b] = ["a".repeat(64), "b".repeat(64)];
let sums = `${a}  tiny.qcow2\n`;
const web = serve({ "/SUMS": () => new Response(sums) });
afterAll(() => web.stop());

const old: TemplateVersion = {
  name: "tiny",
  digest: a,
  source: web.url("/tiny.qcow2"),
  addedAt: "2026-01-01T00:00:00.000Z",
  trust: "published",
  checksumUrl: web.url("/SUMS"),
  release: "20260101",
};
const down = new WaifuError("unreachable", "node n2 does not answer", { node: "n2" });

/** One node with a copy of tiny and an instance made from it, and one that is down. */
function site(...records: TemplateVersion[]) {
  const node = new ScriptedRunner(
    "n1",
    probeRules(() => ({ domains: [{ spec, state: 1 }] })),
  );
  const cluster = scriptedCluster([node, down]);
  for (const record of records) cluster.state.templates.put(record);
  const wire = async () => ({ ...cluster, close: async () => {} });
  return { cluster, cli: (line: string) => runCli(line.split(" "), { wire }) };
}

const newer = { ...old, digest: b, release: "20260102", addedAt: "2026-01-02T00:00:00.000Z" };

describe("template add", () => {
  test("tells what the name means, and what it meant", async () => {
    const { cli } = site(old);
    const words = `template add tiny ${web.url("/tiny.qcow2")} --sha256 ${b}`;
    expect(await cli(`${words} --dry-run`)).toMatchObject({
      stdout: `tiny would be ${old.source} (tiny@bbbbbbbb); before: 20260101 (aaaaaaaa), which stays as an older version\n`,
      exitCode: 0,
    });
    expect((await cli(words)).stdout).toStartWith(`tiny is ${old.source} (tiny@bbbbbbbb); before: 20260101`);
    expect((await cli(words)).stdout).toEndWith("; nothing is new\n");
    expect(JSON.parse((await cli(`${words} --json`)).stdout)).toMatchObject({
      digest: b,
      outcome: "unchanged",
    });
  });

  test.each([
    ["template add tiny --node n1 --all-nodes", "--node and --all-nodes don't go together"],
    ["template add tiny --repair --dry-run", "--repair and --dry-run don't go together"],
  ])("%s is refused", async (line, message) => {
    expect(await site(old).cli(line)).toMatchObject({
      stderr: expect.stringContaining(message),
      exitCode: 2,
    });
  });
});

describe("template update", () => {
  beforeAll(() => {
    sums = `${b}  tiny.qcow2\n`;
  });

  test("says old and new", async () => {
    const { cli, cluster } = site(old);
    expect((await cli("template update tiny")).stdout).toBe("tiny: 20260101 (aaaaaaaa) → bbbbbbbb\n");
    expect(cluster.state.templates.versions("tiny").map(({ digest }) => digest)).toEqual([b, a]);
    expect((await cli("template update --all")).stdout).toBe("tiny: nothing new: bbbbbbbb\n");
  });

  test("tells by its exit status that a name could not be looked up", async () => {
    expect(await site(old).cli("template update tiny tinny --json")).toMatchObject({
      stdout: expect.stringContaining('"outcome": "newer"'),
      stderr: expect.stringContaining("tinny can't be looked up"),
      exitCode: 4,
    });
  });

  test.each(["template update", "template update tiny --all"])("%s is refused", async (line) => {
    expect((await site(old).cli(line)).exitCode).toBe(2);
  });
});

describe("template list", () => {
  test("shows versions, and where they are", async () => {
    const { stdout, exitCode } = await site(old, newer).cli("template list");
    expect(exitCode).toBe(6);
    expect(stdout).toMatchInlineSnapshot(`
      "NAME  VERSION          RELEASE     DISK  ON NODES  READY ON
      tiny  bbbbbbbb newest  20260102       ?       0 B  none yet
      tiny  aaaaaaaa         20260101  32 MiB         ?  n1
      "
    `);
  });

  test("shows what the catalog has, without asking a node", async () => {
    const { stdout, exitCode } = await site().cli("template list --catalog");
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^NAME +TITLE +LEAST DISK +FIRMWARE\n/);
    expect(stdout).toMatch(/^debian-12 +Debian 12 bookworm +3 GiB +bios$/m);
  });

  test("of nothing says how to begin", async () => {
    const cluster = scriptedCluster([]);
    const { stdout } = await runCli(["template", "list"], {
      wire: async () => ({ ...cluster, close: async () => {} }),
    });
    expect(stdout).toBe("No templates yet. Add one: waifuctl template add debian-12\n");
  });
});

describe("template show", () => {
  test("shows each version with what was made from it, also where a node is down", async () => {
    const { cluster, cli } = site(old, newer);
    cluster.state.instances.remember({
      spec: { ...spec, name: "away", uuid: "00000000-0000-4000-8000-000000000001" },
      node: "n2",
      state: "running",
      seenAt: "2026-01-01T00:00:00.000Z",
    });
    const { stdout, exitCode } = await cli("template show tiny");
    expect(exitCode).toBe(6);
    expect(stdout.replaceAll(web.url("/"), "http://host/")).toMatchInlineSnapshot(`
      "Name:      tiny
      Version:   bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb (newest)
      Source:    http://host/tiny.qcow2
      Trust:     the publisher's checksum
      Release:   20260102
      Added:     2026-01-02T00:00:00.000Z
      Ready on:  none yet
      Instances: none

      Name:      tiny
      Version:   aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
      Source:    http://host/tiny.qcow2
      Trust:     the publisher's checksum
      Release:   20260101
      Disk:      32 MiB
      Added:     2026-01-01T00:00:00.000Z
      Ready on:  n1
      Instances: away (n2) cosy-otter (n1)
      "
    `);
    const [version] = JSON.parse((await cli("template show tiny@aaaa --json")).stdout);
    expect(version).toMatchObject({
      digest: a,
      isNewest: false,
      nodes: ["n1"],
      instances: [
        { name: "away", node: "n2" },
        { name: "cosy-otter", node: "n1" },
      ],
    });
  });

  test("of a name that nobody knows", async () => {
    expect((await site(old).cli("template show tinny")).stderr).toContain("Did you mean tiny?");
  });
});

describe("an instance", () => {
  test("is marked when its template has a newer version", async () => {
    const { cli } = site(old, newer);
    expect((await cli("list")).stdout).toContain("tiny@aaaaaaaa (newer: bbbbbbbb)");
    const [listed] = JSON.parse((await cli("list --json")).stdout);
    expect(listed).toMatchObject({ name: spec.name, templateDigest: a, newerTemplate: b });
  });

  test.each([
    ["made from the newest", [old]],
    ["made from a version that is not known here", [newer]],
    ["of a template that is not known here", []],
  ])("is not when it was %s", async (_name, records) => {
    const { cli } = site(...records);
    const [listed] = JSON.parse((await cli("list --json")).stdout);
    expect([listed.templateDigest, listed.newerTemplate]).toEqual([a, undefined]);
    expect((await cli("list")).stdout).not.toContain("newer");
  });
});
