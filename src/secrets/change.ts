import type { Cluster } from "../nodes/cluster.ts";
import type { NodeFailure } from "../nodes/fan-out.ts";
import { withNodeLock } from "../nodes/lock.ts";
import type { Plan } from "../nodes/plan.ts";
import { runPlan, type Watch } from "../nodes/run-plan.ts";
import { planDelivery, type SecretChange } from "./delivery.ts";
import { type Guest, onNodesOf } from "./guest.ts";
import { keepSecret, keptSecrets, type Secret } from "./vault.ts";

export type SecretName = Pick<Secret, "scope" | "key">;
export type NewSecret = SecretName & { readonly once: boolean; readonly value: Uint8Array };

export type Setting = SecretChange & { readonly secret: Secret };
/** One that isn't kept here may have been set from another machine: it goes from the nodes all the same. */
export type Removal = SecretChange & { readonly secret: SecretName; readonly isKept: boolean };

/** The guests that a change may concern, and the nodes of which that is not known. */
export type Guests = { readonly instances: readonly Guest[]; readonly failures: readonly NodeFailure[] };

/** A plan for each guest that gets or loses something, and the nodes where that failed. */
export type Delivery = { readonly plans: readonly Plan[]; readonly failures: readonly NodeFailure[] };

export function decideSet(cluster: Cluster, { value, ...given }: NewSecret): Setting {
  const before = keptSecrets(cluster);
  const setAt = cluster.now().toISOString();
  const secret = { ...given, setAt, setBy: cluster.operator, open: () => value };
  return { verb: "secret set", key: given.key, before, after: [...without(before, given), secret], secret };
}

export function decideRemoval(cluster: Cluster, secret: SecretName): Removal {
  const before = keptSecrets(cluster);
  const after = without(before, secret);
  const isKept = after.length < before.length;
  return { verb: "secret delete", key: secret.key, before, after, secret, isKept };
}

/** Keeps it, then gives it to each of the guests: those that can't be reached get it when this is run again. */
export async function setSecret(
  cluster: Cluster,
  setting: Setting,
  guests: Guests,
  watch: Watch,
): Promise<Delivery> {
  keepSecret(cluster, setting.secret);
  return await deliver(cluster, setting, guests, watch);
}

/** Takes it from each of the guests, and forgets it when surely none has it; until then this may be run again. */
export async function deleteSecret(
  cluster: Cluster,
  removal: Removal,
  guests: Guests,
  watch: Watch,
): Promise<Delivery> {
  const delivery = await deliver(cluster, removal, guests, watch);
  const { scope, key } = removal.secret;
  if (delivery.failures.length === 0) cluster.state.secrets.forget(scope, key);
  return delivery;
}

/** What would be run, for --dry-run. */
export async function planChange(
  cluster: Cluster,
  change: SecretChange,
  { instances, failures }: Guests,
  signal?: AbortSignal,
): Promise<Delivery> {
  const planned = await onNodesOf(instances, (node, here) =>
    planDelivery(cluster, node, here, change, signal),
  );
  return { plans: planned.answers.flat(), failures: [...failures, ...planned.failures] };
}

async function deliver(
  cluster: Cluster,
  change: SecretChange,
  { instances, failures }: Guests,
  watch: Watch,
): Promise<Delivery> {
  const delivered = await onNodesOf(instances, (node, here) =>
    withNodeLock(cluster, node, watch, async (watch) => {
      const plans = await planDelivery(cluster, node, here, change, watch.signal);
      for (const plan of plans) await runPlan(cluster, plan, watch);
      return plans;
    }),
  );
  return { plans: delivered.answers.flat(), failures: [...failures, ...delivered.failures] };
}

function without(secrets: readonly Secret[], { scope, key }: SecretName): Secret[] {
  return secrets.filter((secret) => secret.scope !== scope || secret.key !== key);
}
