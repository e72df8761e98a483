import { planEditAgain } from "../instances/edit.ts";
import { readSeed } from "../instances/seed.ts";
import { runPlan } from "../nodes/run-plan.ts";
import { type Cut, done, onInstance, type Recovered } from "./cut.ts";

/** The history comes first: what it says is what was wanted, or what was before. Throws `refused` when the node has not kept it. */
export async function recoverEdit(cut: Cut): Promise<Recovered> {
  const { cluster } = cut;
  return await onInstance(cut, async (instance, watch) => {
    const { history } = await readSeed(cluster, instance, watch.signal);
    await runPlan(cluster, await planEditAgain(instance, history), watch);
    return done(`the guest is served generation ${history.current.generation}`);
  });
}
