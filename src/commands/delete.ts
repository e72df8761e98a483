import { decideDelete, deleteInstance } from "../instances/delete.ts";
import { describePlan, renderPlan } from "../nodes/describe-plan.ts";
import { changes, defineCommand, destroys } from "./define-command.ts";

export const command = defineCommand({
  examples: ["waifuctl delete web-1", "waifuctl delete web-1 --yes"],
  args: { name: { type: "positional", description: "Instance" }, ...changes, ...destroys },
  async run({ name, dryRun }, { deps, reporter, signal, confirm, print }) {
    const cluster = await deps();
    const deletion = await decideDelete(cluster, name, signal);
    if (dryRun) {
      const plan = describePlan(deletion.plan);
      return print(plan, () => renderPlan(plan));
    }
    await confirm(`Delete ${name} on ${deletion.node.name}, with its disk?`);
    await deleteInstance(cluster, deletion, { reporter, signal });
    print({ name, node: deletion.node.name, deleted: true }, `${name} is gone from ${deletion.node.name}\n`);
  },
});
