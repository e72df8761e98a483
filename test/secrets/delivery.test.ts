import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SeedTransport } from "../../src/instance-spec.ts";
import { decideCreate } from "../../src/instances/create.ts";
import { guestKey, unseal } from "../../src/metadata/sealed-secret.ts";
import { parseSecret } from "../../src/metadata/secret-record.ts";
import { describePlan } from "../../src/nodes/describe-plan.ts";
import { labelScope } from "../../src/secrets/scope.ts";
import { keepSecret } from "../../src/secrets/vault.ts";
import { createRecordingReporter } from "../recording-reporter.ts";
import { probeRules, scriptedCluster } from "../scripted-cluster.ts";
import { ScriptedRunner } from "../scripted-runner.ts";

const folder = mkdtempSync(join(tmpdir(), "waifu-delivery-"));
afterAll(() => rmSync(folder, { recursive: true }));

const password = "correct horse battery staple";

/** The last command of the seed's step for a new instance with that label, where a secret is kept for `role=web`. */
async function lastOfSeed(role: string, seed: SeedTransport) {
  const node = new ScriptedRunner(
    "n1",
    probeRules(() => ({ hasMetadataService: true })),
  );
  const scripted = scriptedCluster([node]);
  const cluster = { ...scripted, config: { ...scripted.config, statePath: join(folder, "state.db") } };
  keepSecret(cluster, {
    scope: labelScope("role", "web"),
    key: "pw",
    once: true,
    setAt: "2026-01-01T00:00:00.000Z",
    setBy: "mai@home",
    open: () => Buffer.from(password),
  });
  const request = { name: "web", template: "tiny", labels: { role }, nodeLabels: {}, sshKeys: ["k"], seed };
  const reporter = createRecordingReporter();
  const { plan, draft, spec } = await decideCreate(cluster, request, { reporter });
  const commands = plan.stages.flat().find(({ title }) => title === "seed")?.commands ?? [];
  const stdin = commands.at(-1)?.stdin;
  return {
    plan,
    draft,
    spec,
    count: commands.length,
    told: reporter.lines,
    stdin: stdin instanceof Uint8Array ? stdin : undefined,
  };
}

test("a new instance gets the secrets of its labels with its seed, sealed for it alone", async () => {
  const { plan, draft, spec, count, told, stdin } = await lastOfSeed("web", "http");
  expect([count, told]).toEqual([3, []]);
  const text = Buffer.from(stdin ?? "").toString();
  expect(text).toContain(`waifu:secrets:${spec.uuid}\r\n`);
  const secret = parseSecret(/\{"nonce".*\}/.exec(text)?.[0] ?? "");
  const value = secret && unseal(guestKey(spec.uuid, draft.seed.token), "pw", secret);
  expect([value?.toString(), secret?.once]).toEqual([password, true]);
  expect([text, JSON.stringify(describePlan(plan)), JSON.stringify(spec)].join()).not.toContain(password);
  expect(spec).not.toHaveProperty("secrets");
});

const warning = "warn web gets no secrets of its labels: its seed is a disk; --seed http brings them";

test.each<[what: string, role: string, seed: SeedTransport, told: string[]]>([
  ["without the label", "db", "http", []],
  ["without the label, on a disk", "db", "cidata", []],
  ["with its seed on a disk", "web", "cidata", [warning]],
])("one %s gets none", async (_, role, seed, told) => {
  expect(await lastOfSeed(role, seed)).toMatchObject({ count: 2, told });
});
