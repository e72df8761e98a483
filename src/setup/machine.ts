import { parseVersions, type Versions } from "../nodes/versions.ts";

/** A file or a folder. */
export type NodeFile = { readonly mode: number; readonly owner: string; readonly digest?: string };

export type Unit = { readonly isActive: boolean; readonly isEnabled: boolean };

/** A node as one look finds it: everything that running instances asks of a machine. */
export type Machine = {
  /** The node's clock, as the look began. */
  readonly clockMs: number;
  /** As `uname -m` names it. */
  readonly architecture: string;
  readonly isRoot: boolean;
  readonly hasSystemd: boolean;
  readonly distribution: { readonly title: string; readonly ids: readonly string[] };
  /** Programs that are not installed. */
  readonly missing: readonly string[];
  readonly versions: Versions;
  readonly kvm: "usable" | "absent" | "denied";
  readonly hasAccount: boolean;
  readonly files: ReadonlyMap<string, NodeFile>;
  readonly units: ReadonlyMap<string, Unit>;
  /** One libvirtd, or a daemon for each of its drivers. */
  readonly libvirt: "monolithic" | "modular";
  /** Of virtlogd and of the daemon that runs domains. */
  readonly sockets: readonly string[];
  readonly hasGuestFilter: boolean;
  /** The configured network, unless there is no such. */
  readonly network?: { readonly isActive: boolean; readonly isAutostart: boolean };
  /** Where guests' cables end; absent: not there, or not known while the network is off. */
  readonly bridge?: string;
  readonly hasAddress: boolean;
  /** The firewall's table is loaded, for that bridge. */
  readonly hasTable: boolean;
  /** Another table drops what it does not know, and does not know guests that ask for metadata. */
  readonly isBlocked: boolean;
  /** What Redis says of itself; absent when it does not answer. */
  readonly redis?: { readonly isAppending: boolean; readonly canWrite: boolean };
  /** Somebody answers where guests ask. */
  readonly answers: boolean;
  /** What firewalld, which lets through only what it is told of, has of ours. */
  readonly firewalld: "off" | "no zone" | "no rule" | "open";
  /** Datasets that are there: the pool's own and ours. */
  readonly datasets: readonly string[];
  /** Of where disks are. */
  readonly space?: { readonly freeBytes: number; readonly totalBytes: number };
};

export function parseMachine(stdout: string): Machine {
  const lines = stdout.split("\n");
  const all = (kind: string) =>
    lines.filter((line) => line.startsWith(`${kind} `)).map((line) => line.slice(kind.length + 1).trim());
  const one = (kind: string) => all(kind)[0];
  const words = (kind: string) => one(kind)?.split(/\s+/).filter(Boolean) ?? [];
  const [aof, lastWrite] = words("redis");
  const [freeBytes, totalBytes] = words("space").map(Number);
  const network = words("network");
  return {
    clockMs: Number(one("clock")),
    architecture: one("machine") ?? "",
    isRoot: one("user") === "0",
    hasSystemd: one("systemd") !== undefined,
    distribution: { title: one("title") ?? "an unknown system", ids: words("ids") },
    missing: all("missing"),
    versions: parseVersions(all("virsh").join("\n"), all("zfs").join("\n")),
    kvm: kvmOf(one("kvm")),
    hasAccount: one("account") !== undefined,
    files: filesOf(all("file"), all("digest")),
    units: unitsOf(all("unit")),
    libvirt: one("libvirt") === "modular" ? "modular" : "monolithic",
    sockets: all("socket"),
    hasGuestFilter: one("filter") !== undefined,
    network:
      one("network") === undefined
        ? undefined
        : { isActive: network.includes("active"), isAutostart: network.includes("autostart") },
    bridge: one("bridge"),
    hasAddress: one("address") !== undefined,
    hasTable: one("table") !== undefined,
    isBlocked: one("blocked") !== undefined,
    redis: aof === undefined ? undefined : { isAppending: aof === "1", canWrite: lastWrite === "ok" },
    answers: /^[1-9]/.test(one("answer") ?? ""),
    firewalld: firewalldOf(all("firewalld")),
    datasets: all("dataset"),
    space: freeBytes === undefined || totalBytes === undefined ? undefined : { freeBytes, totalBytes },
  };
}

function kvmOf(word: string | undefined): Machine["kvm"] {
  return word === "usable" || word === "denied" ? word : "absent";
}

function firewalldOf(words: readonly string[]): Machine["firewalld"] {
  if (!words.includes("running")) return "off";
  if (!words.includes("zone")) return "no zone";
  return words.includes("rule") ? "open" : "no rule";
}

/** `MODE OWNER PATH` of stat(1), `DIGEST  PATH` of sha256sum(1). */
function filesOf(stats: readonly string[], digests: readonly string[]): Map<string, NodeFile> {
  const digestOf = new Map(digests.map((line) => [line.slice(66), line.slice(0, 64)]));
  return new Map(
    stats.map((line) => {
      const [mode = "", owner = ""] = line.split(" ", 2);
      const path = line.slice(mode.length + owner.length + 2);
      return [path, { mode: Number.parseInt(mode, 8), owner, digest: digestOf.get(path) }];
    }),
  );
}

/** `systemctl show`: a block of KEY=VALUE lines for each unit, an empty line between two. */
function unitsOf(lines: readonly string[]): Map<string, Unit> {
  return new Map(
    lines
      .join("\n")
      .split("\n\n")
      .map((block) => new Map(block.split("\n").map((line) => toPair(line))))
      .map((unit) => [
        unit.get("Id") ?? "",
        {
          isActive: unit.get("ActiveState") === "active",
          isEnabled: /^(enabled|static|indirect|alias)/.test(unit.get("UnitFileState") ?? ""),
        },
      ]),
  );
}

function toPair(line: string): [key: string, value: string] {
  const at = line.indexOf("=");
  return [line.slice(0, at), line.slice(at + 1)];
}
