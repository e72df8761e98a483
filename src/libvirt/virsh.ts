import { type Argv, type Command, once, repeatable } from "../command.ts";

/** `virsh` on one connection. `-q` drops table headers; virsh(1) has no other machine-readable switch. */
export function virsh(uri: string, ...args: string[]): Argv {
  return ["virsh", "-q", "-c", uri, ...args];
}

/** Time for QEMU to come up on a slow node. */
export const START_MS = 180_000;

/** The last line that a program wrote on standard error; of virsh, not what only follows from an earlier failure in the same call. */
export function lastComplaint(stderr: string): string | undefined {
  const lines = stderr.trim().split("\n");
  return lines.findLast((line) => !line.startsWith("error: failed to get domain ")) ?? lines.at(-1);
}

export function startDomain(uri: string, uuid: string): Command {
  return once(virsh(uri, "start", uuid), { timeoutMs: START_MS });
}

/** Asks the guest by ACPI and returns at once. */
export function shutdownDomain(uri: string, uuid: string): Command {
  return repeatable(virsh(uri, "shutdown", uuid, "--mode", "acpi"));
}

/** Asks the guest by ACPI and returns at once. */
export function rebootDomain(uri: string, uuid: string): Command {
  return once(virsh(uri, "reboot", uuid, "--mode", "acpi"));
}

/** The power switch, held down. */
export function resetDomain(uri: string, uuid: string): Command {
  return once(virsh(uri, "reset", uuid));
}

/** Pulls the plug; the domain stays defined. */
export function destroyDomain(uri: string, uuid: string): Command {
  return once(virsh(uri, "destroy", uuid));
}

/** Forgets the domain with its NVRAM, managed save and snapshot metadata; never its disks. */
export function undefineDomain(uri: string, uuid: string): Command {
  return repeatable(
    virsh(
      uri,
      "undefine",
      uuid,
      "--nvram",
      "--managed-save",
      "--snapshots-metadata",
      "--checkpoints-metadata",
    ),
  );
}

/** Whether the domain starts with its node. */
export function setAutostart(uri: string, uuid: string, isOn: boolean): Command {
  return repeatable(virsh(uri, "autostart", uuid, ...(isOn ? [] : ["--disable"])));
}

export function domainState(uri: string, uuid: string): Command {
  return repeatable(virsh(uri, "domstate", uuid, "--reason"));
}

export function consoleDomain(uri: string, uuid: string): Command {
  return once(["virsh", "-c", uri, "console", uuid, "--force"], { timeoutMs: Number.POSITIVE_INFINITY });
}

/** Addresses by `lease` (the network's DHCP server), `arp` (the node's neighbour table) or `agent` (inside the guest). */
export function domainAddresses(uri: string, uuid: string, source: "lease" | "arp" | "agent"): Command {
  return repeatable(virsh(uri, "domifaddr", uuid, "--full", "--source", source));
}

export type GuestAddress = {
  readonly mac: string;
  readonly protocol: "ipv4" | "ipv6";
  readonly address: string;
};

/** Rows of `domifaddr --full`: name, MAC, protocol, address/prefix; `N/A` fills what is unknown. */
export function parseDomainAddresses(stdout: string): GuestAddress[] {
  return stdout.split("\n").flatMap((line) => {
    const [, mac, protocol, cidr] = line.trim().split(/\s+/);
    const address = cidr?.split("/")[0];
    if (mac === undefined || address === undefined || (protocol !== "ipv4" && protocol !== "ipv6")) return [];
    return [{ mac: mac.toLowerCase(), protocol, address }];
  });
}
