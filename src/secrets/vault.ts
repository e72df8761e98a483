import { WaifuError } from "../errors.ts";
import { seal, unseal } from "../metadata/sealed-secret.ts";
import type { GuestSecret } from "../metadata/secret-service.ts";
import type { Cluster } from "../nodes/cluster.ts";
import { loadSecretKey, readSecretKey, secretKeyPath } from "../state/secret-key.ts";
import type { KeptSecret } from "../state/secrets.ts";

/** A secret whose value is opened only where it is needed. */
export type Secret = Omit<KeptSecret, "nonce" | "sealed"> & { readonly open: () => Uint8Array };

type Vault = Pick<Cluster, "config" | "state">;

/** All that the operator keeps. `open` throws `refused` without the key that they were sealed with. */
export function keptSecrets({ config, state }: Vault): Secret[] {
  const path = secretKeyPath(config.statePath);
  return state.secrets.all().map(({ nonce, sealed, ...secret }) => ({
    ...secret,
    open() {
      const key = readSecretKey(path);
      const value = key && unseal(key, nameOf(secret), { nonce, sealed });
      if (value !== undefined) return value;
      throw new WaifuError("refused", `the secret ${secret.key} can't be opened with ${path}`, {
        hint: "Put the key back that it was sealed with, or set the secret anew.",
      });
    },
  }));
}

export function keepSecret({ config, state }: Vault, { open, ...secret }: Secret): void {
  const key = loadSecretKey(secretKeyPath(config.statePath));
  state.secrets.put({ ...secret, ...seal(key, nameOf(secret), open()) });
}

/** The file with the key that they are sealed with; undefined while there is none. */
export function secretKeyOf({ statePath }: Pick<Cluster["config"], "statePath">): string | undefined {
  const path = secretKeyPath(statePath);
  return readSecretKey(path) === undefined ? undefined : path;
}

export function toGuestSecret({ key, once, open }: Secret): GuestSecret {
  return { key, once, value: open() };
}

/** Rows can't be swapped, or moved to another instance. */
function nameOf({ scope, key }: Pick<KeptSecret, "scope" | "key">): string {
  return `${scope} ${key}`;
}
