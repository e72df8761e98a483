import vendorTemplate from "../../templates/vendor-data.txt" with { type: "text" };
import { cloudConfig, defaultAccount } from "./cloud-config.ts";
import type { HostKey } from "./host-key.ts";
import type { SeedRequest } from "./seed-request.ts";
import { seedUrl } from "./service-paths.ts";

/**
 * Our own part of a seed, from templates/vendor-data.txt. Its script is a part of its own, as cloud-init lets the user-data's lists replace
 * those of our cloud-config: `runcmd` here would be lost. A config that says nothing of users still lets its operator in.
 */
export function renderVendorData(request: Omit<SeedRequest, "userData">): string {
  const { hostname, generation, sshKeys, hostKey, token } = request;
  const values: Record<string, string> = {
    hostname,
    generation: String(generation),
    cloudConfig: cloudConfig({
      users: ["default", defaultAccount(sshKeys)],
      ...(hostKey === undefined ? {} : hostKeyConfig(hostKey)),
      ...(token === undefined ? {} : phoneHomeConfig(token)),
    }),
  };
  return vendorTemplate.replace(/\{\{(\w+)\}\}/g, (_, key: string) => {
    const value = values[key];
    if (value === undefined) throw new Error(`templates/vendor-data.txt: no value for ${key}`);
    return value;
  });
}

/** The guest takes our host key and makes no others, so that the first login can already be checked. */
function hostKeyConfig(hostKey: HostKey) {
  return {
    ssh_deletekeys: true,
    ssh_keys: { ed25519_private: hostKey.private, ed25519_public: hostKey.public },
  };
}

/** cloud-init's last module: what comes with it are the host keys that the guest has by then. */
function phoneHomeConfig(token: string) {
  return { phone_home: { url: `${seedUrl(token)}phone-home`, post: "all", tries: 10 } };
}
