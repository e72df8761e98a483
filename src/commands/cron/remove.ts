import { describePlan, renderPlan } from "../../nodes/describe-plan.ts";
import { carryOut, here, planRemove } from "../../reconcile/timer.ts";
import { changes, defineCommand } from "../define-command.ts";

export const command = defineCommand({
  examples: ["waifuctl cron remove"],
  args: { ...changes },
  async run({ dryRun }, { print }) {
    const runner = here();
    const plan = await planRemove(runner);
    if (dryRun) {
      const steps = plan.commands.length === 0 ? [] : [{ title: plan.by, commands: plan.commands }];
      const shown = describePlan({
        verb: "cron remove",
        instance: "",
        node: { name: "this machine" },
        stages: [steps],
      });
      return print(shown, () => renderPlan(shown));
    }
    await carryOut(runner, plan);
    const was =
      plan.by === "nothing" ? "reconcile did not run by itself" : "reconcile no longer runs by itself";
    print({ by: plan.by, removed: plan.by !== "nothing" }, `${was}\n`);
  },
});
