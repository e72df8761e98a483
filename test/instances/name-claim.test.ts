import { expect, test } from "bun:test";
import { withNameClaim } from "../../src/instances/name-claim.ts";
import { createRecordingReporter } from "../recording-reporter.ts";
import { type NodeContents, probeRules, scriptedCluster } from "../scripted-cluster.ts";
import { ScriptedRunner } from "../scripted-runner.ts";
import { spec } from "../spec.ts";

function scene(...contents: readonly NodeContents[]) {
  const runners = contents.map(
    (all, index) =>
      new ScriptedRunner(
        `n${index + 1}`,
        probeRules(() => all),
      ),
  );
  const cluster = scriptedCluster(runners);
  const { nodes } = cluster.config;
  const claim = async (on: number, answered = nodes) => {
    const node = nodes[on];
    if (node === undefined) throw new Error(`there is no node ${on}`);
    const watch = { reporter: createRecordingReporter() };
    return await withNameClaim(cluster, { spec, node, answered }, watch, async () => "made");
  };
  return {
    claim,
    nodes,
    took: () => runners.map(({ took }) => took),
    asked: () => runners.map(({ ran }) => ran.length > 0),
  };
}

const taken: NodeContents = { domains: [{ spec, state: 1 }] };

test("all meet at a lock on the first node that answers, and whoever has it asks the others once more", async () => {
  const { claim, took, asked } = scene({}, {}, {});
  expect(await claim(1)).toBe("made");
  expect(took()).toEqual([[expect.stringMatching(/^\/run\/lock\/waifu-name-\d+\.lock$/)], [], []]);
  expect(asked()).toEqual([true, false, true]);
});

test("from whichever node it is claimed, it is the same lock", async () => {
  const [one, other] = [scene({}, {}), scene({}, {})];
  await Promise.all([one.claim(0), other.claim(1)]);
  expect(one.took()).toEqual(other.took());
});

test("a name that another node has since is refused", async () => {
  const { claim } = scene({}, taken);
  await expect(claim(0)).rejects.toMatchObject({ code: "exists", node: "n2", instance: spec.name });
});

test("a disk that was left behind there is somebody's too", async () => {
  const { claim } = scene({}, { disks: [spec] });
  await expect(claim(0)).rejects.toMatchObject({ code: "exists", node: "n2" });
});

test("where nobody else answers there is nobody to meet", async () => {
  const { claim, took, nodes } = scene({}, taken);
  expect(await claim(0, nodes.slice(0, 1))).toBe("made");
  expect(took()).toEqual([[], []]);
});
