import type { SecretRead } from "../metadata/secret-record.ts";
import type { Cluster } from "../nodes/cluster.ts";
import type { NodeFailure } from "../nodes/fan-out.ts";
import { type Guest, onNodesOf } from "./guest.ts";
import { readsOf } from "./reads.ts";
import { secretsFor } from "./scope.ts";
import type { Secret } from "./vault.ts";

/** Never its value. */
export type ListedSecret = Omit<Secret, "open"> & { readonly lastRead?: LastRead };

/** The latest, of all the guests that the secret was given to. */
export type LastRead = Omit<SecretRead, "key"> & { readonly instance: string };

export type SecretList = {
  readonly secrets: readonly ListedSecret[];
  readonly failures: readonly NodeFailure[];
};

/** These secrets, and when one of these guests read them last. */
export async function listSecrets(
  cluster: Cluster,
  secrets: readonly Secret[],
  guests: readonly Guest[],
  signal?: AbortSignal,
): Promise<SecretList> {
  const concerned = guests.filter(({ spec }) => secretsFor(secrets, spec).length > 0);
  const { answers, failures } = await onNodesOf(concerned, (node, here) =>
    readsOf(
      cluster,
      node,
      here.map(({ spec }) => spec),
      signal,
    ),
  );
  const lastReads = new Map<Secret, LastRead>();
  for (const { spec, reads } of answers.flat()) {
    for (const secret of secretsFor(secrets, spec)) {
      const read = reads.findLast(({ key }) => key === secret.key);
      if (read === undefined || read.at < (lastReads.get(secret)?.at ?? "")) continue;
      lastReads.set(secret, { at: read.at, address: read.address, instance: spec.name });
    }
  }
  const listed = secrets.map((secret) => {
    const { open: _, ...shown } = secret;
    return { ...shown, lastRead: lastReads.get(secret) };
  });
  return { secrets: listed, failures };
}
