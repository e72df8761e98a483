import { expect, test } from "bun:test";
import type { SeedTransport } from "../../src/instance-spec.ts";
import { createInstance, decideCreate } from "../../src/instances/create.ts";
import { hashToken } from "../../src/metadata/seed-record.ts";
import { describePlan } from "../../src/nodes/describe-plan.ts";
import { createRecordingReporter } from "../recording-reporter.ts";
import { probeRules, scriptedCluster } from "../scripted-cluster.ts";
import { type Rule, ScriptedRunner } from "../scripted-runner.ts";

const request = {
  name: "web",
  template: "tiny",
  labels: {},
  nodeLabels: {},
  sshKeys: ["ssh-ed25519 AAAA me"],
};

const changes: Rule[] = [
  [/^qemu-img create/, ""],
  [/cat > "\$1\.new"/, ""],
  [/^redis-cli -s \/run\/waifu-redis\/redis.sock --pipe$/, ""],
  [/add-last ip-dhcp-host/, ""],
  [/ start [0-9a-f-]{36}$/, ""],
];

function cluster({
  hasMetadataService = true,
  likes = "http" as SeedTransport | "nobody knows",
  rules = changes,
} = {}) {
  const n1 = new ScriptedRunner("n1", [...probeRules(() => ({ hasMetadataService })), ...rules]);
  const made = scriptedCluster([n1]);
  made.state.templates.put({
    name: "tiny",
    digest: "a".repeat(64),
    source: "http://mirror/tiny.qcow2",
    addedAt: "2026-01-01T00:00:00Z",
    trust: "given",
    seed: likes === "nobody knows" ? undefined : likes,
  });
  return { n1, made };
}

const watch = () => ({ reporter: createRecordingReporter() });

test.each<[string, Parameters<typeof cluster>[0], SeedTransport | undefined, SeedTransport]>([
  ["the template likes HTTP, and the node serves it", {}, undefined, "http"],
  ["the template likes HTTP, the node has no service", { hasMetadataService: false }, undefined, "cidata"],
  ["the template wants a disk", { likes: "cidata" }, undefined, "cidata"],
  ["nothing is known of the template", { likes: "nobody knows" }, undefined, "cidata"],
  ["a disk is asked for", {}, "cidata", "cidata"],
  ["HTTP is asked for", { likes: "cidata" }, "http", "http"],
])("%s", async (_, options, seed, expected) => {
  const { spec, plan } = await decideCreate(cluster(options).made, { ...request, seed }, watch());
  expect(spec.seed ?? "cidata").toBe(expected);
  const step = plan.stages.flat().find(({ title }) => title === "seed");
  expect(step?.commands.map(({ argv }) => argv.at(-1)?.replace(spec.uuid, "UUID"))).toEqual([
    "/var/lib/waifu/seeds/UUID.json",
    expected === "http" ? "--pipe" : "/var/lib/waifu/seeds/UUID.img",
  ]);
});

test("a node without the service does not fit who asks for HTTP", async () => {
  const { made } = cluster({ hasMetadataService: false });
  expect(decideCreate(made, { ...request, seed: "http" }, watch())).rejects.toMatchObject({
    code: "no-fit",
    message: "no node fits web:\n  n1: no metadata service: waifuctl node setup n1",
  });
});

test("the token is given to the guest alone: nothing shows it, and the service knows only its hash", async () => {
  const { n1, made } = cluster();
  const { spec, plan, draft } = await createInstance(made, request, watch());
  const { token } = draft.seed;
  const [seed, define] = ["seed", "define"].map((title) =>
    plan.stages
      .flat()
      .find((step) => step.title === title)
      ?.commands.at(-1),
  );
  expect(define?.stdin).toContain(`s=http://169.254.169.254/${token}/</entry>`);
  const stored = new TextDecoder().decode(seed?.stdin instanceof Uint8Array ? seed.stdin : undefined);
  expect(stored).toContain(hashToken(token));
  expect(stored).toContain(spec.mac);
  const shown = JSON.stringify([
    describePlan(plan),
    spec,
    made.state.instances.all(),
    made.state.journal.open(),
  ]);
  expect(shown).toContain("s=http://169.254.169.254/[redacted]/");
  expect([shown, ...n1.ran].join("\n")).not.toContain(token);
});
