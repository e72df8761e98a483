import { type Command, repeatable } from "../command.ts";

export type Family = "debian" | "fedora" | "nixos" | "other";

/** Downloads may take long. */
const INSTALL_MS = 1_800_000;

/** Which packages bring which program on Debian and Ubuntu. */
const debianPackages: Readonly<Record<string, string>> = {
  virsh: "libvirt-daemon-system libvirt-clients",
  "qemu-system-x86_64": "qemu-system-x86",
  "qemu-img": "qemu-utils",
  "redis-server": "redis-server",
  "redis-cli": "redis-tools",
  nft: "nftables",
  ip: "iproute2",
  flock: "util-linux",
  curl: "curl",
  xz: "xz-utils",
  zstd: "zstd",
  zfs: "zfsutils-linux",
};

/** The package that has the file: names differ by version (Redis is Valkey since Fedora 41), paths don't. */
const fedoraPackages: Readonly<Record<string, string>> = {
  virsh: "libvirt-client libvirt-daemon-kvm libvirt-daemon-config-network",
  "qemu-system-x86_64": "qemu-kvm",
  nft: "/usr/sbin/nft",
  ip: "/usr/sbin/ip",
  zfs: "zfs",
};

// The package starts a Redis for everybody on a TCP port; on a node that had none nobody asked for that.
const aptScript = `
export DEBIAN_FRONTEND=noninteractive
had=$(command -v redis-server)
apt-get install -y --no-install-recommends "$@" || { apt-get update && apt-get install -y --no-install-recommends "$@"; } || exit
[ -n "$had" ] || ! command -v redis-server || systemctl disable --now redis-server.service`;

export function familyOf(ids: readonly string[]): Family {
  const family = (["debian", "fedora", "nixos"] as const).find((name) => ids.includes(name));
  if (family !== undefined) return family;
  if (ids.includes("ubuntu")) return "debian";
  return ids.includes("rhel") || ids.includes("centos") ? "fedora" : "other";
}

/** Installs what brings these programs; undefined where we don't know the package manager. */
export function installPrograms(family: Family, programs: readonly string[]): Command | undefined {
  const options = { timeoutMs: INSTALL_MS };
  const packages = (table: Readonly<Record<string, string>>) => [
    ...new Set(programs.flatMap((program) => (table[program] ?? `/usr/bin/${program}`).split(" "))),
  ];
  if (family === "debian")
    return repeatable(["sh", "-c", aptScript, "sh", ...packages(debianPackages)], options);
  if (family === "fedora") return repeatable(["dnf", "install", "-y", ...packages(fedoraPackages)], options);
  return undefined;
}
