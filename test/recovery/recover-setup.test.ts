import { expect, test } from "bun:test";
import { scriptedCluster } from "../scripted-cluster.ts";
import { ScriptedRunner } from "../scripted-runner.ts";
import { captured } from "../setup/sample-subject.ts";
import { recoverCutOff } from "./cut-off.ts";

test("a node setup is done again, under the lock", async () => {
  const look = /clock \$\(date/;
  const n1 = new ScriptedRunner("n1", [
    [look, captured.well.replace("table yes\n", "")],
    [/./, ""],
  ]);
  const cluster = scriptedCluster([n1]);
  const cut = { verb: "node setup", instance: "n1", uuid: "n1" };
  expect(await recoverCutOff(cluster, cut)).toMatchObject({ outcome: "done", said: "it was repeated" });
  expect(n1.took).toEqual(["/run/lock/waifu.lock"]);
  expect(cluster.state.journal.open()).toEqual([]);
});
