import { type Command, repeatable } from "../command.ts";
import { escapeXml } from "./metadata.ts";

export type Reservation = { readonly mac: string; readonly address: string; readonly name?: string };

/** A libvirt network with its DHCP range and what is promised in it. */
export type LibvirtNetwork = {
  readonly name: string;
  readonly isActive: boolean;
  readonly bridge?: string;
  /** First and last address of the IPv4 DHCP range; absent when libvirt gives out no addresses there. */
  readonly range?: { readonly start: string; readonly end: string };
  /** By its definition, or by dnsmasq. */
  readonly reservations: readonly Reservation[];
  /** Those that its next start will bring. */
  readonly defined: readonly Reservation[];
  /** Those that dnsmasq knows now, which somebody's live update of the network makes forget ours; absent where that can't be seen. */
  readonly promised?: readonly Reservation[];
  readonly leases: readonly Reservation[];
};

/**
 * Whether it is active (its bridge is there), its definition as it will be at its next start, what dnsmasq promises now (its hosts file, MAC,ADDRESS,NAME lines)
 * and what it has leased (JSON: libvirt src/network/leaseshelper.c); `net-dhcp-leases` prints only a table for people.
 */
export const networkStateScript = `
bridge=
case $xml in *"<bridge name='"*) bridge=\${xml#*<bridge name=\\'}; bridge=\${bridge%%\\'*} ;; esac
[ -z "$bridge" ] || [ -e "/sys/class/net/$bridge" ] && echo active || echo inactive
printf '%s\\n--\\n' "$xml"
cat "/var/lib/libvirt/dnsmasq/$network.hostsfile" 2>/dev/null || echo '?'
printf '%s\\n' --
cat "/var/lib/libvirt/dnsmasq/$bridge.status" 2>/dev/null || echo '[]'
`;

const networkScript = `network=$2; xml=$(virsh -q -c "$1" net-dumpxml --inactive "$network") || exit${networkStateScript}`;

export function readNetwork(uri: string, name: string): Command {
  return repeatable(["sh", "-c", networkScript, "sh", uri, name]);
}

export function parseNetwork(stdout: string): LibvirtNetwork {
  const [head = "", hosts = "", leases = ""] = stdout.split(/^--\n/m);
  const newline = head.indexOf("\n");
  const document: unknown = Bun.XML.parse(head.slice(newline + 1));
  const network = child(document, "network");
  const ip = list(child(network, "ip")).find((item) => child(item, "dhcp") !== undefined);
  const dhcp = child(ip, "dhcp");
  const range = list(child(dhcp, "range"))[0];
  const start = text(child(range, "@start"));
  const end = text(child(range, "@end"));
  const defined = list(child(dhcp, "host")).flatMap((host) =>
    reservation(child(host, "@mac"), child(host, "@ip"), child(host, "@name")),
  );
  const promised = hosts.split("\n").flatMap((line) => {
    const [mac, address, name] = line.split(",");
    return reservation(mac, address, name);
  });
  return {
    name: text(child(network, "name")) ?? "",
    isActive: head.slice(0, newline) === "active",
    bridge: text(child(child(network, "bridge"), "@name")),
    range: start !== undefined && end !== undefined ? { start, end } : undefined,
    reservations: distinct([...defined, ...promised]),
    defined,
    promised: hosts === "?\n" ? undefined : promised,
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

/**
 * Told to dnsmasq as libvirt itself tells it: a line in its hosts file and a SIGHUP. libvirt's own live update would also take down and rebuild every
 * firewall rule of the network: half a second in which no guest of it has NAT (networkUpdate in libvirt src/network/bridge_driver.c).
 * It remains for networks whose dnsmasq is not where libvirt 1.0 to 12 keeps it.
 */
const promiseScript = `
hosts=/var/lib/libvirt/dnsmasq/$2.hostsfile
pid=$(cat "/run/libvirt/network/$2.pid" 2>/dev/null)
if [ -w "$hosts" ] && [ -n "$pid" ]; then
  grep -Fqx -e "$4" "$hosts" || { printf '%s\\n' "$4" >>"$hosts" && kill -HUP "$pid"; }
else
  virsh -q -c "$1" net-update "$2" add-last ip-dhcp-host "$3" --live
fi`;

/** virsh goes on after a failure, and exits as its last command did. */
const reserveScript = `
said=$(cat | virsh -q -c "$1" "net-update $2 add-last ip-dhcp-host \\"$3\\" --config; $7" 2>&1) &&
  case $said in *error:*) false ;; esac || { printf '%s\\n' "$said" >&2; exit 1; }${promiseScript}`;

/** Cut off after any of its parts, it can be run again: what is gone from libvirt may still be promised. */
const releaseScript = `
kept=$(virsh -q -c "$1" net-dumpxml "$2" --inactive) && live=$(virsh -q -c "$1" net-dumpxml "$2") || exit
has() { printf '%s\\n' "$1" | grep -F -e "mac='$2'" | grep -Fq -e "ip='$3'"; }
where=
! has "$kept" "$5" "$6" || where=--config
! has "$live" "$5" "$6" || where="$where --live"
[ -z "$where" ] || virsh -q -c "$1" net-update "$2" delete ip-dhcp-host "$3" $where || exit
hosts=/var/lib/libvirt/dnsmasq/$2.hostsfile
pid=$(cat "/run/libvirt/network/$2.pid" 2>/dev/null)
[ -w "$hosts" ] && grep -q -e "^$5,$6\\(,\\|$\\)" "$hosts" || exit 0
rest=$(grep -v -e "^$5,$6\\(,\\|$\\)" "$hosts")
printf '%s' "\${rest:+$rest
}" >"$hosts" && kill -HUP "$pid"`;

/**
 * For good and at once, and in the same virsh what else there is to do with it: most of its time goes into connecting.
 * Fails when the MAC, the name or the address has a reservation already.
 */
export function reserveAddress(
  uri: string,
  network: string,
  wanted: Reservation,
  more: { readonly virshCommands: string; readonly stdin: string; readonly timeoutMs: number },
): Command {
  const { argv } = updateHost(reserveScript, uri, network, wanted);
  return repeatable([...argv, more.virshCommands], { stdin: more.stdin, timeoutMs: more.timeoutMs });
}

/** Tells dnsmasq again of a reservation that somebody's live update of the network made it forget. */
export function renewReservation(uri: string, network: string, wanted: Reservation): Command {
  return updateHost(promiseScript, uri, network, wanted);
}

/** Done already is done. */
export function releaseAddress(uri: string, network: string, wanted: Reservation): Command {
  return updateHost(releaseScript, uri, network, wanted);
}

function updateHost(
  script: string,
  uri: string,
  network: string,
  { mac, address, name }: Reservation,
): Command {
  const xml = `<host mac='${escapeXml(mac)}'${name === undefined ? "" : ` name='${escapeXml(name)}'`} ip='${escapeXml(address)}'/>`;
  const line = [mac, address, name].filter((field) => field !== undefined).join(",");
  return repeatable(["sh", "-c", script, "sh", uri, network, xml, line, mac, address]);
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

function distinct(entries: readonly Reservation[]): Reservation[] {
  return [...new Map(entries.map((entry) => [`${entry.mac} ${entry.address}`, entry])).values()];
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
