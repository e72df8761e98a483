import { changePower, decidePower, type PowerVerb, waitUntilOff } from "../instances/power.ts";
import { describePlan, renderPlan } from "../nodes/describe-plan.ts";
import type { Context, GlobalFlags } from "./define-command.ts";

type PowerFlags = GlobalFlags & {
  readonly name: string;
  readonly dryRun: boolean;
  readonly force?: boolean;
  readonly timeout?: number;
};

const sayings: Record<PowerVerb, string> = {
  start: "is running",
  stop: "is stopped",
  reboot: "is rebooting",
  reinit: "starts again from its fresh disk",
};

/** What start, stop, reboot and reinit have in common. A stop waits until the guest is off. */
export async function runPower(verb: PowerVerb, flags: PowerFlags, context: Context): Promise<void> {
  const { deps, reporter, signal, print, confirm } = context;
  const { name, force: isForced = false } = flags;
  const cluster = await deps();
  const change = await decidePower(cluster, verb, name, { isForced }, signal);
  if (flags.dryRun) {
    const plan = describePlan(change.plan);
    return print(plan, () => renderPlan(plan));
  }
  if (verb === "reinit")
    await confirm(
      `Reset ${name} on ${change.instance.node.name} to its fresh disk? All that it wrote is lost.`,
    );
  await changePower(cluster, change, { reporter, signal });
  if (verb === "stop" && !isForced && change.plan.stages.length > 0) {
    await waitUntilOff(cluster, change.instance, (flags.timeout ?? 600) * 1000, { reporter, signal });
  }
  const isChanged = change.plan.stages.length > 0;
  print(
    { name, node: change.instance.node.name, verb, changed: isChanged },
    `${name} ${isChanged ? "" : "already "}${sayings[verb]}\n`,
  );
}
