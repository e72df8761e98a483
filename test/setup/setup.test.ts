import { expect, test } from "bun:test";
import { WaifuError } from "../../src/errors.ts";
import { checkNodes } from "../../src/setup/doctor.ts";
import { decideSetup, setUpNode } from "../../src/setup/setup.ts";
import { createRecordingReporter } from "../recording-reporter.ts";
import { scriptedCluster } from "../scripted-cluster.ts";
import { type Rule, ScriptedRunner } from "../scripted-runner.ts";
import { captured } from "./sample-subject.ts";

const look = /clock \$\(date/;

function clusterOf(...answers: (readonly Rule[] | Error)[]) {
  const runners = answers.map((rules, index) =>
    rules instanceof Error ? rules : new ScriptedRunner(`n${index + 1}`, rules),
  );
  const cluster = scriptedCluster(runners);
  const [node] = cluster.config.nodes;
  if (node === undefined) throw new Error("a cluster has a node");
  return { cluster, node, runners };
}

const watch = { reporter: createRecordingReporter() };

/** Somebody flushed every table of the firewall. */
const flushed = captured.well.replace("table yes\n", "");

test("what is wrong is mended under the lock, and looked at again", async () => {
  const { cluster, node, runners } = clusterOf([
    [look, flushed],
    [/./, ""],
  ]);
  const { plan, left } = await setUpNode(cluster, node, undefined, watch);
  const [runner] = runners as [ScriptedRunner];
  expect(plan.stages.flat().map(({ title }) => title)).toContain("start waifu-md.service");
  expect(runner.took).toEqual(["/run/lock/waifu.lock"]);
  expect(runner.ran.filter((line) => look.test(line))).toHaveLength(3);
  expect(runner.ran).toContain("systemctl daemon-reload");
  // The node answers as before: what was not mended is told.
  expect(left.map(({ check }) => check)).toContain("firewall");
  expect(cluster.state.journal.open()).toEqual([]);
});

test("one that was cut off at its very end is ended by the next, which has nothing to do", async () => {
  const { cluster, node } = clusterOf([
    // Where a node's own configuration describes it, nothing is ever to be done from here.
    [look, flushed.replace("ids debian", "ids nixos")],
    [/./, ""],
  ]);
  const { journal } = cluster.state;
  journal.begin({ id: "cut", verb: "node setup", instance: "n1", uuid: "n1", node: "n1", stages: ["last"] });
  const { plan } = await setUpNode(cluster, node, undefined, watch);
  expect(plan.stages).toEqual([]);
  expect(journal.open()).toEqual([]);
  expect(journal.find("cut")?.outcome).toBe("done");
});

test("a step that fails ends it, and says which it was", async () => {
  const { cluster, node } = clusterOf([
    [look, flushed],
    [/daemon-reload/, { exitCode: 1, stderr: "Failed to connect to bus\n" }],
    [/./, ""],
  ]);
  const failure: WaifuError = await setUpNode(cluster, node, undefined, watch).catch((error) => error);
  expect(failure).toMatchObject({
    code: "remote-failed",
    message: "enable our units failed on node n1: Failed to connect to bus",
  });
});

test.each([
  ["systemd", "systemd yes\n", "systemd does not run there"],
  ["root", "user 0\n", "the login is not root"],
])("without %s nothing is begun", async (_, line, why) => {
  const { cluster, node } = clusterOf([[look, captured.bare.replace(line, "")]]);
  const failure: WaifuError = await decideSetup(cluster, node, undefined).catch((error) => error);
  expect(failure.code).toBe("refused");
  expect(failure.message).toContain(why);
});

test("NixOS is told what to add to its configuration, and left alone", async () => {
  const nixos = flushed.replace("ids debian", "ids nixos");
  const { cluster, node, runners } = clusterOf([[look, nixos]]);
  const { plan, nixosModule } = await setUpNode(cluster, node, undefined, watch);
  expect(plan.stages).toEqual([]);
  expect(nixosModule).toContain("virtualisation.libvirtd.enable = true;");
  expect((runners[0] as ScriptedRunner).took).toEqual([]);
});

test("doctor looks at all nodes, and one that is silent is a finding", async () => {
  const silent = new WaifuError("unreachable", "node n2 does not answer", { hint: "Is it on?" });
  const { cluster } = clusterOf([[look, captured.well]], silent);
  const [first, second] = await checkNodes(cluster, cluster.config.nodes, undefined);
  expect(first?.findings[0]).toEqual({ check: "login", status: "ok" });
  expect(second).toEqual({
    node: "n2",
    findings: [{ check: "login", status: "failure", problem: "node n2 does not answer", hint: "Is it on?" }],
  });
});

test("a bug of ours is no finding", async () => {
  const { cluster } = clusterOf(new Error("boom"));
  await expect(checkNodes(cluster, cluster.config.nodes, undefined)).rejects.toThrow("boom");
});
