import { type PowerVerb, planPower } from "../instances/power.ts";
import { isActive } from "../libvirt/domain-list.ts";
import { runPlan } from "../nodes/run-plan.ts";
import type { EndedOrOpenOperation } from "../state/journal.ts";
import { type Cut, done, failed, onInstance, type Recovered } from "./cut.ts";

const verbs = ["start", "stop", "reboot", "reinit"] as const satisfies readonly PowerVerb[];

/** How many operations back one is looked for that came later. */
const HORIZON = 1000;

/** A machine that somebody may use again since is not switched off, nor its disk thrown away, but for who says so now. */
export async function recoverPower(cut: Cut): Promise<Recovered> {
  const { cluster, operation, verb, way } = cut;
  const wanted = verbs.find((candidate) => candidate === verb);
  if (wanted === undefined) return failed(`${verb} is no power verb`);
  const later = cluster.state.journal.recent({ limit: HORIZON }).findLast((one) => overtakes(one, cut));
  if (later !== undefined && way === "usual") return failed(`${later.verb} came after it`);
  return await onInstance(cut, async (instance, watch) => {
    const isOn = isActive(instance.state);
    if (isOn && way === "usual" && wanted !== "start" && wanted !== "stop")
      return failed(`${instance.spec.name} runs, and is left alone`);
    // A stop that was only on the way to a start.
    const isPassing =
      wanted === "stop" &&
      instance.spec.power === undefined &&
      !operation.stages.some((title) => title.startsWith("note "));
    const isForced = operation.stages.includes("pull the plug") || operation.stages.includes("reset");
    const plan = planPower(isPassing ? "start" : wanted, instance, { isForced });
    if (plan.stages.length > 0) await runPlan(cluster, plan, watch);
    return done(`${wanted} was repeated`);
  });
}

function overtakes(later: EndedOrOpenOperation, { operation }: Cut): boolean {
  return (
    later.uuid === operation.uuid &&
    later.startedAt > operation.startedAt &&
    later.outcome === "done" &&
    verbs.some((verb) => verb === later.verb)
  );
}
