import { WaifuError } from "../errors.ts";
import { lastComplaint } from "../libvirt/virsh.ts";
import { parseReads, type SecretRead } from "../metadata/secret-record.ts";
import { listReads } from "../metadata/secret-service.ts";
import type { Cluster } from "../nodes/cluster.ts";
import type { NodeFailure } from "../nodes/fan-out.ts";
import { type Guest, onNodesOf } from "./guest.ts";
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
  const { answers, failures } = await onNodesOf(concerned, async (node, here) => {
    const runner = await cluster.connect(node);
    const commands = here.map(({ spec }) => listReads(spec.uuid));
    const results = await runner.runAll(commands, signal);
    return here.map(({ spec }, index) => {
      const { exitCode, stdout = "", stderr = "" } = results[index] ?? {};
      if (exitCode === 0) return { spec, reads: parseReads(stdout) };
      const message = `can't tell what ${spec.name} has read on node ${node.name}: ${lastComplaint(stderr)}`;
      throw new WaifuError("remote-failed", message, { node: node.name, instance: spec.name });
    });
  });
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
