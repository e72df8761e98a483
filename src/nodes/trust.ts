import { WaifuError } from "../errors.ts";
import { type Dialer, type NodeAddress, toPeer } from "../ssh/dialer.ts";
import { fingerprint } from "../ssh/host-key.ts";
import { checkHostKey, recordedKeys } from "../ssh/host-key-check.ts";
import { knownHostName } from "../ssh/known-hosts.ts";
import { appendKnownHost } from "../ssh/known-hosts-file.ts";
import { type Cluster, nodeNamed } from "./cluster.ts";

export type HostKeyOffer = {
  readonly node: string;
  readonly isKnown: boolean;
  /** Type and SHA-256 fingerprint, as ssh prints them. */
  readonly shown: string;
  /** For cluster.toml's `host_key`. */
  readonly hostKey: string;
  /** Records the key in the first known_hosts file, for ssh as much as for us. */
  accept(): Promise<string>;
};

/**
 * Asks a node for its host key without logging in. Throws `refused` for a local node, `host-key` when another key is recorded or pinned,
 * `unreachable`.
 */
export async function offerHostKey(cluster: Cluster, name: string): Promise<HostKeyOffer> {
  const { ssh } = nodeNamed(cluster, name);
  if (ssh === undefined) {
    throw new WaifuError("refused", `node ${name} is this very machine: it has no host key to trust`, {
      node: name,
    });
  }
  return offerKeyOf(cluster.dialer, { name, ssh });
}

/** The same for a node that needs no cluster.toml. Throws `host-key`, `unreachable`. */
export async function offerKeyOf(dialer: Dialer, { name, ssh }: NodeAddress): Promise<HostKeyOffer> {
  const target = await dialer.resolve(ssh);
  const key = await dialer.fetchHostKey({ name, ssh });
  const recorded = await recordedKeys(target);
  const isKnown = recorded.length > 0;
  if (isKnown) checkHostKey(key, recorded, toPeer(target, name));
  return {
    node: name,
    isKnown,
    shown: `${key.type} ${fingerprint(key)}`,
    hostKey: `${key.type} ${key.base64}`,
    accept: async () => {
      const [file] = target.knownHostsFiles;
      if (file === undefined) {
        throw new WaifuError("refused", "there is no known_hosts file to write to", {
          node: name,
          hint: `Pin it in cluster.toml: host_key = "${key.type} ${key.base64}"`,
        });
      }
      await appendKnownHost(file, knownHostName(target.host, target.port), key);
      return file;
    },
  };
}
