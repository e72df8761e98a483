import { stringify } from "yaml";
import type { FatFile } from "./fat-image.ts";
import type { HostKey } from "./host-key.ts";

/** What cloud-init reads, whatever carries it to the guest. */
export type Seed = {
  /** A new one makes cloud-init run its per-instance modules again. */
  readonly instanceId: string;
  readonly hostname: string;
  readonly userData: string;
  readonly vendorData: string;
  /** Absent: DHCP on the first interface. */
  readonly networkConfig?: string;
};

export type SeedRequest = {
  readonly uuid: string;
  readonly generation: number;
  readonly hostname: string;
  /** Public keys of the default user. */
  readonly sshKeys: readonly string[];
  /** The operator's own, used as it is. Its `users`, if it has any, replace ours. */
  readonly userData?: string;
  /** Absent when the operator's user-data brings host keys of its own. */
  readonly hostKey?: HostKey;
  readonly networkConfig?: string;
};

/** Login name that a guest has when the operator gives no user-data. */
export const defaultUser = "waifu";

export function renderSeed(request: SeedRequest): Seed {
  const { uuid, generation, hostname, userData, sshKeys, hostKey, networkConfig } = request;
  return {
    instanceId: `${uuid}-g${generation}`,
    hostname,
    userData: userData ?? cloudConfig({ users: [defaultAccount(sshKeys)] }),
    vendorData: cloudConfig({
      // cloud-init merges user-data over this: a config that says nothing of users still lets its operator in.
      ...(userData === undefined ? {} : { users: ["default", defaultAccount(sshKeys)] }),
      ...(hostKey === undefined ? {} : hostKeyConfig(hostKey)),
    }),
    networkConfig,
  };
}

/** The files of a NoCloud seed, by the names under which cloud-init asks for them. */
export function seedFiles(seed: Seed): FatFile[] {
  const metaData = yaml({ "instance-id": seed.instanceId, "local-hostname": seed.hostname });
  const files = [
    { name: "meta-data", text: metaData },
    { name: "user-data", text: seed.userData },
    { name: "vendor-data", text: seed.vendorData },
    ...(seed.networkConfig === undefined ? [] : [{ name: "network-config", text: seed.networkConfig }]),
  ];
  return files.map(({ name, text }) => ({ name, bytes: new TextEncoder().encode(text) }));
}

function defaultAccount(sshKeys: readonly string[]) {
  return {
    name: defaultUser,
    shell: "/bin/bash",
    sudo: "ALL=(ALL) NOPASSWD:ALL",
    lock_passwd: true,
    ssh_authorized_keys: sshKeys,
  };
}

/** The guest takes our host key and makes no others, so that the first login can already be checked. */
function hostKeyConfig(hostKey: HostKey) {
  return {
    ssh_deletekeys: true,
    ssh_keys: { ed25519_private: hostKey.private, ed25519_public: hostKey.public },
  };
}

function cloudConfig(value: object): string {
  return `#cloud-config\n${yaml(value)}`;
}

function yaml(value: object): string {
  // cloud-init reads YAML 1.1, where an unquoted `on` or `0123` is no text.
  return stringify(value, { version: "1.1", lineWidth: 0 });
}
