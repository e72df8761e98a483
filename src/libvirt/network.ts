import { type Command, repeatable } from "../command.ts";
import { escapeXml } from "./metadata.ts";
import { virsh } from "./virsh.ts";

export type Reservation = { readonly mac: string; readonly address: string; readonly name?: string };

/** A libvirt network with its DHCP range and what is promised in it. */
export type LibvirtNetwork = {
  readonly name: string;
  readonly isActive: boolean;
  readonly bridge?: string;
  /** First and last address of the IPv4 DHCP range; absent when libvirt gives out no addresses there. */
  readonly range?: { readonly start: string; readonly end: string };
  readonly reservations: readonly Reservation[];
  readonly leases: readonly Reservation[];
};

/**
 * The network's definition, whether it is active, and dnsmasq's lease file, which is JSON
 * (libvirt src/network/leaseshelper.c); `net-dhcp-leases` prints only a table for people.
 */
const networkScript = `
virsh -q -c "$1" net-list --name | grep -Fxq -e "$2" && echo active || echo inactive
xml=$(virsh -q -c "$1" net-dumpxml "$2") || exit
bridge=$(printf '%s' "$xml" | sed -n "s/.*<bridge name='\\([^']*\\)'.*/\\1/p")
printf '%s\\n--\\n' "$xml"
cat "/var/lib/libvirt/dnsmasq/$bridge.status" 2>/dev/null || echo '[]'
`;

export function readNetwork(uri: string, name: string): Command {
  return repeatable(["sh", "-c", networkScript, "sh", uri, name]);
}

export function parseNetwork(stdout: string): LibvirtNetwork {
  const [head = "", leases = ""] = stdout.split("\n--\n");
  const newline = head.indexOf("\n");
  const document: unknown = Bun.XML.parse(head.slice(newline + 1));
  const network = child(document, "network");
  const ip = list(child(network, "ip")).find((item) => child(item, "dhcp") !== undefined);
  const dhcp = child(ip, "dhcp");
  const range = list(child(dhcp, "range"))[0];
  const start = text(child(range, "@start"));
  const end = text(child(range, "@end"));
  return {
    name: text(child(network, "name")) ?? "",
    isActive: head.slice(0, newline) === "active",
    bridge: text(child(child(network, "bridge"), "@name")),
    range: start !== undefined && end !== undefined ? { start, end } : undefined,
    reservations: list(child(dhcp, "host")).flatMap((host) =>
      reservation(child(host, "@mac"), child(host, "@ip"), child(host, "@name")),
    ),
    leases: parseLeases(leases),
  };
}

/** dnsmasq's status file: an array of leases; empty text when none was ever given. */
export function parseLeases(json: string): Reservation[] {
  const parsed: unknown = JSON.parse(json.trim() || "[]");
  return list(parsed).flatMap((lease) =>
    reservation(child(lease, "mac-address"), child(lease, "ip-address"), child(lease, "hostname")),
  );
}

/** Live and for the next start, like `virsh net-update … --live --config`. Adding an existing one fails. */
export function reserveAddress(uri: string, network: string, wanted: Reservation): Command {
  return updateHost(uri, network, "add-last", wanted);
}

/** Fails when there is none. */
export function releaseAddress(uri: string, network: string, wanted: Reservation): Command {
  return updateHost(uri, network, "delete", wanted);
}

function updateHost(uri: string, network: string, verb: "add-last" | "delete", host: Reservation): Command {
  const name = host.name === undefined ? "" : ` name='${escapeXml(host.name)}'`;
  const xml = `<host mac='${escapeXml(host.mac)}'${name} ip='${escapeXml(host.address)}'/>`;
  return repeatable(virsh(uri, "net-update", network, verb, "ip-dhcp-host", xml, "--live", "--config"));
}

/** The lowest address of the range that nobody has or was promised; undefined when the range is used up. */
export function pickAddress(network: LibvirtNetwork): string | undefined {
  if (network.range === undefined) return undefined;
  const taken = new Set([...network.reservations, ...network.leases].map((entry) => entry.address));
  const last = toNumber(network.range.end);
  for (let candidate = toNumber(network.range.start); candidate <= last; candidate++) {
    const address = toAddress(candidate);
    if (!taken.has(address)) return address;
  }
  return undefined;
}

function reservation(mac: unknown, address: unknown, name: unknown): Reservation[] {
  const [macText, addressText] = [text(mac), text(address)];
  if (macText === undefined || addressText === undefined) return [];
  return [{ mac: macText.toLowerCase(), address: addressText, name: text(name) }];
}

function child(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}

function list(value: unknown): unknown[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function toNumber(address: string): number {
  return address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
}

function toAddress(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join(".");
}
