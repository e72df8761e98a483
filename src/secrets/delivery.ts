import type { Command } from "../command.ts";
import type { NodeConfig } from "../config/cluster-config.ts";
import { WaifuError } from "../errors.ts";
import { lastComplaint } from "../libvirt/virsh.ts";
import { removeSecret, storeSecrets } from "../metadata/secret-service.ts";
import type { Cluster } from "../nodes/cluster.ts";
import type { Plan } from "../nodes/plan.ts";
import { type Guest, parseToken, readDomain } from "./guest.ts";
import { type Recipient, secretsFor } from "./scope.ts";
import { keptSecrets, type Secret, toGuestSecret } from "./vault.ts";

/** All secrets before and after, between which only those of one name differ. */
export type SecretChange = {
  readonly verb: "secret set" | "secret delete";
  readonly key: string;
  readonly before: readonly Secret[];
  readonly after: readonly Secret[];
};

/** Gives a new instance everything that its labels bring it: a command, or none. */
export function secretCommands(
  cluster: Pick<Cluster, "config" | "state">,
  recipient: Recipient,
  token: string,
): Command[] {
  const secrets = secretsFor(keptSecrets(cluster), recipient).map(toGuestSecret);
  return secrets.length === 0 ? [] : [storeSecrets(recipient.uuid, token, secrets)];
}

/** Gives a guest what its new labels bring it, and takes away what only the old ones did. What both bring is left alone. */
export function relabelCommands(
  cluster: Pick<Cluster, "config" | "state">,
  [before, after]: readonly [Recipient, Recipient],
  token: string,
): Command[] {
  const all = keptSecrets(cluster);
  const [had, gets] = [secretsFor(all, before), secretsFor(all, after)];
  const added = gets.filter((secret) => !had.includes(secret)).map(toGuestSecret);
  const lost = had.filter(({ key }) => !gets.some((secret) => secret.key === key));
  return [
    ...lost.map(({ key }) => removeSecret(after.uuid, key)),
    ...(added.length === 0 ? [] : [storeSecrets(after.uuid, token, added)]),
  ];
}

/**
 * The change as it is made for these guests of one node, whose tokens are read there; nothing is changed. Who has the same secret before and
 * after is left alone: what it took for once must not come back.
 */
export async function planDelivery(
  cluster: Cluster,
  node: NodeConfig,
  guests: readonly Guest[],
  { verb, key, before, after }: SecretChange,
  signal?: AbortSignal,
): Promise<Plan[]> {
  const runner = await cluster.connect(node);
  const reads = guests.map(({ spec }) => readDomain(node.libvirtUri, spec.uuid));
  const domains = await runner.runAll(reads, signal);
  return guests.flatMap(({ spec }, index) => {
    const { name, uuid } = spec;
    const [had, gets] = [before, after].map((all) =>
      secretsFor(all, spec).find((secret) => secret.key === key),
    );
    if (gets !== undefined && gets === had) return [];
    const { stdout = "", stderr = "" } = domains[index] ?? {};
    const token = parseToken(stdout);
    if (token === undefined) {
      const why = lastComplaint(stderr) || "its domain names no metadata service";
      const message = `can't tell the token of ${name} on node ${node.name}: ${why}`;
      throw new WaifuError("remote-failed", message, { node: node.name, instance: name });
    }
    const step =
      gets === undefined
        ? { title: `take ${key} away`, commands: [removeSecret(uuid, key)] }
        : { title: `give ${key}`, commands: [storeSecrets(uuid, token, [toGuestSecret(gets)])] };
    return [{ verb, instance: name, uuid, node, stages: [[step]] }];
  });
}
