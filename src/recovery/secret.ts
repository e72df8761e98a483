import { runPlan } from "../nodes/run-plan.ts";
import { planDelivery } from "../secrets/delivery.ts";
import { secretsFor } from "../secrets/scope.ts";
import { keptSecrets } from "../secrets/vault.ts";
import { type Cut, done, failed, onInstance, type Recovered } from "./cut.ts";

/** What the guest took for once must not come back: such a secret is given again by nobody but its operator. */
export async function recoverSecret(cut: Cut): Promise<Recovered> {
  const { cluster, operation, verb, node } = cut;
  const key = /^(?:give|take) (\S+)/.exec(operation.stages[0] ?? "")?.[1];
  if (key === undefined) return failed("it does not say which secret");
  return await onInstance(cut, async ({ spec }, watch) => {
    const after = keptSecrets(cluster);
    const current = secretsFor(after, spec).find((secret) => secret.key === key);
    if (current?.once) {
      const said = `${spec.name} may lack ${key}, which can be read once: set it again`;
      watch.reporter.warn(`${said}: waifuctl secret set ${spec.name} ${key} --once`);
      return failed(said);
    }
    const before = after.filter((secret) => secret.key !== key);
    const change = { verb: verb === "secret set" ? verb : "secret delete", key, before, after } as const;
    const plans = await planDelivery(cluster, node, [{ node, spec }], change, watch.signal);
    for (const plan of plans) await runPlan(cluster, plan, watch);
    return done(`${spec.name} ${current === undefined ? "has no" : "has"} ${key}`);
  });
}
