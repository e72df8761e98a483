import type { InstanceSpec } from "../instance-spec.ts";
import type { KeptSecret } from "../state/secrets.ts";

/** What of an instance decides which secrets are for it. */
export type Recipient = Pick<InstanceSpec, "uuid" | "labels">;

/** By uuid: a later instance of the same name gets nothing of it. */
export const instanceScope = (uuid: string) => `instance ${uuid}`;
export const labelScope = (key: string, value: string) => `label ${key}=${value}`;

type Scoped = Pick<KeptSecret, "scope" | "key" | "setAt">;

export function covers(scope: string, { uuid, labels }: Recipient): boolean {
  const scopes = Object.entries(labels).map(([key, value]) => labelScope(key, value));
  return scope === instanceScope(uuid) || scopes.includes(scope);
}

/** One a name: its own before those of its labels, of which the latest counts. */
export function secretsFor<T extends Scoped>(secrets: readonly T[], recipient: Recipient): T[] {
  const rank = ({ scope, setAt }: Scoped) => (scope === instanceScope(recipient.uuid) ? "own" : setAt);
  // "own" comes after every year.
  const sorted = secrets
    .filter(({ scope }) => covers(scope, recipient))
    .sort((a, b) => (rank(a) < rank(b) ? -1 : 1));
  return [...new Map(sorted.map((secret) => [secret.key, secret])).values()];
}
