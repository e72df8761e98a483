import { stringify } from "yaml";

/** Login name that a guest has when the operator gives no user-data. */
export const defaultUser = "waifu";

/** The user-data of a guest whose operator gives none. */
export function defaultUserData(sshKeys: readonly string[]): string {
  return cloudConfig({ users: [defaultAccount(sshKeys)] });
}

export function defaultAccount(sshKeys: readonly string[]) {
  return {
    name: defaultUser,
    shell: "/bin/bash",
    sudo: "ALL=(ALL) NOPASSWD:ALL",
    lock_passwd: true,
    ssh_authorized_keys: sshKeys,
  };
}

export function cloudConfig(value: object): string {
  return `#cloud-config\n${yaml(value)}`;
}

export function yaml(value: object): string {
  // cloud-init reads YAML 1.1, where an unquoted `on` or `0123` is no text.
  return stringify(value, { version: "1.1", lineWidth: 0 });
}
