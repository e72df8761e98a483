import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { renderDomain } from "../../src/libvirt/domain-xml.ts";
import { seedUrl } from "../../src/metadata/service-paths.ts";
import type { Cluster } from "../../src/nodes/cluster.ts";
import { instanceScope } from "../../src/secrets/scope.ts";
import { keepSecret } from "../../src/secrets/vault.ts";
import { probeRules, scriptedCluster } from "../scripted-cluster.ts";
import { ScriptedRunner } from "../scripted-runner.ts";
import { spec } from "../spec.ts";
import { recoverCutOff } from "./cut-off.ts";

const web = { ...spec, seed: "http" as const };
const domainXml = renderDomain(
  web,
  { hasKvm: true, hasGuestFilter: false, network: { kind: "network", name: "default" } },
  { kind: "block", path: "/dev/zvol/x" },
  { kind: "url", url: seedUrl("t".repeat(43)) },
);

let folder = "";
let cluster: Cluster;
let n1: ScriptedRunner;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "waifu-recover-"));
  n1 = new ScriptedRunner("n1", [
    [/ dumpxml /, domainXml],
    [/^redis-cli .* --pipe$/, ""],
    ...probeRules(() => ({ domains: [{ spec: web, state: 1 }] })),
  ]);
  const scripted = scriptedCluster([n1]);
  cluster = { ...scripted, config: { ...scripted.config, statePath: join(folder, "state.db") } };
});
afterEach(() => rmSync(folder, { recursive: true }));

function keep(key: string, once: boolean): void {
  const setAt = "2026-01-01T00:00:00.000Z";
  const open = () => new TextEncoder().encode("value");
  keepSecret(cluster, { scope: instanceScope(web.uuid), key, once, setAt, setBy: "ana@desk", open });
}

test.each([
  ["secret set", "give pw", true, "cosy-otter has pw"],
  ["secret delete", "take pw away", false, "cosy-otter has no pw"],
])("%s is brought to its end: the guest gets what is kept here", async (verb, stage, isKept, said) => {
  if (isKept) keep("pw", false);
  expect(await recoverCutOff(cluster, { verb, stages: [stage] })).toMatchObject({ outcome: "done", said });
  expect(n1.ran.filter((line) => line.startsWith("redis-cli"))).toHaveLength(1);
  expect(cluster.state.journal.open()).toEqual([]);
});

test("what can be read once is not given a second time without its operator, who is told", async () => {
  keep("pw", true);
  const cut = { verb: "secret set", stages: ["give pw"] };
  const { outcome, lines } = await recoverCutOff(cluster, cut);
  expect(outcome).toBe("failed");
  expect(lines).toContainEqual(expect.stringContaining("waifuctl secret set cosy-otter pw --once"));
  expect(n1.ran.some((line) => line.startsWith("redis-cli"))).toBe(false);
});
