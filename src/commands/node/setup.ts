import { exitStatusOf } from "../../errors.ts";
import { nodeNamed } from "../../nodes/cluster.ts";
import { describePlan, renderPlan } from "../../nodes/describe-plan.ts";
import { onEveryNode } from "../../nodes/fan-out.ts";
import { prefixed } from "../../reporter.ts";
import { ownBinary } from "../../setup/binary.ts";
import { toLeftover } from "../../setup/doctor.ts";
import { decideSetup, planRollback, rollBackNode, type Setup, setUpNode } from "../../setup/setup.ts";
import { changes, defineCommand } from "../define-command.ts";
import { tellFailures } from "../node-warnings.ts";
import { isFailure, renderFindings } from "./finding-view.ts";

export const command = defineCommand({
  examples: ["waifuctl node setup alpha beta", "waifuctl node setup alpha --dry-run"],
  args: {
    names: { type: "positional", repeatable: true, description: "Nodes" },
    rollback: { type: "boolean", description: "Back to the waifuctl that ran there before" },
    ...changes,
  },
  async run({ names, rollback, dryRun }, { deps, reporter, signal, print }) {
    const cluster = await deps();
    const nodes = [...new Set(names)].map((name) => nodeNamed(cluster, name));
    const binary = rollback ? undefined : await ownBinary();
    const { answers, failures } = await onEveryNode(nodes, async (node): Promise<Setup> => {
      const watch = { reporter: nodes.length > 1 ? prefixed(reporter, node.name) : reporter, signal };
      if (!rollback)
        return dryRun
          ? await decideSetup(cluster, node, binary, signal)
          : await setUpNode(cluster, node, binary, watch);
      return { plan: dryRun ? planRollback(node) : await rollBackNode(cluster, node, watch), left: [] };
    });
    print(
      answers.map((setup) => toJson(setup, dryRun)),
      () => answers.map((setup) => render(setup, dryRun, rollback)).join(""),
    );
    const failed = tellFailures(failures, reporter);
    if (failed !== 0 || dryRun) return failed;
    const isWhole = answers.every((setup) => !findingsOf(setup).some(isFailure));
    return isWhole ? 0 : exitStatusOf("findings");
  },
});

function findingsOf({ plan, left }: Setup) {
  return left.map((need) => toLeftover(need, plan.node));
}

function toJson(setup: Setup, isDry: boolean) {
  const plan = describePlan(setup.plan);
  return { ...plan, findings: isDry ? undefined : findingsOf(setup), nixosModule: setup.nixosModule };
}

function render(setup: Setup, isDry: boolean, isRollback: boolean): string {
  const { plan, nixosModule } = setup;
  if (nixosModule !== undefined) return nixosModule;
  if (isDry) return renderPlan(describePlan(plan));
  const steps = plan.stages.flat().length;
  const what = steps === 0 ? "was set up already" : `is set up (${steps} steps)`;
  const done = `${plan.node.name} ${isRollback ? "has its earlier waifuctl back" : what}`;
  return `${done}\n${renderFindings(findingsOf(setup))}`;
}
