import { expect, test } from "bun:test";
import { WaifuError } from "../../src/errors.ts";
import { listInstances } from "../../src/instances/list.ts";
import { locateInstance } from "../../src/instances/locate.ts";
import { probeRules, scriptedCluster } from "../scripted-cluster.ts";
import { ScriptedRunner } from "../scripted-runner.ts";
import { spec } from "../spec.ts";

const down = new WaifuError("unreachable", "node n2 does not answer", { node: "n2" });
const away = { ...spec, uuid: "00000000-0000-4000-8000-000000000001", name: "away" };

function cluster(domains = [{ spec, state: 1 }]) {
  const made = scriptedCluster([
    new ScriptedRunner(
      "n1",
      probeRules(() => ({ domains })),
    ),
    down,
  ]);
  made.state.instances.remember({
    spec: away,
    node: "n2",
    state: "running",
    seenAt: "2026-01-01T00:00:00.000Z",
  });
  return made;
}

test("instances of a node that is down are listed as last seen, and the failure is told", async () => {
  const { instances, failures } = await listInstances(cluster());
  expect(instances.map(({ spec, node, state, lastSeenAt }) => [spec.name, node, state, lastSeenAt])).toEqual([
    ["away", "n2", "running", "2026-01-01T00:00:00.000Z"],
    ["cosy-otter", "n1", "running", undefined],
  ]);
  expect(failures.map((failure) => failure.error)).toEqual([down]);
});

test("what is gone from a node that answers is forgotten", async () => {
  const made = cluster([]);
  made.state.instances.remember({ spec, node: "n1", state: "running", seenAt: "2026-01-01T00:00:00.000Z" });
  await listInstances(made);
  expect(made.state.instances.all().map((seen) => seen.spec.name)).toEqual(["away"]);
});

test("an instance on a node that is down is said to be there", async () => {
  expect(locateInstance(cluster(), "away")).rejects.toMatchObject({
    code: "unreachable",
    message: "can't find away: it was last seen on n2, and node n2 does not answer",
  });
});

test("an instance is looked for where it was last seen, and nowhere else when it is there", async () => {
  const n1 = new ScriptedRunner(
    "n1",
    probeRules(() => ({ domains: [{ spec, state: 1 }] })),
  );
  const n2 = new ScriptedRunner("n2", []);
  const made = scriptedCluster([n1, n2]);
  made.state.instances.remember({ spec, node: "n1", state: "running", seenAt: "2026-01-01T00:00:00.000Z" });
  expect((await locateInstance(made, spec.name)).node.name).toBe("n1");
  expect(n2.ran).toEqual([]);
});
