import { type Argv, type Command, once, repeatable } from "../command.ts";

/** zvol work is slow on a busy pool; `zfs` itself never hangs for ever but on a suspended one. */
const ZFS_MS = 120_000;

const columns = [
  "name",
  "type",
  "used",
  "available",
  "volsize",
  "waifu:uuid",
  "waifu:digest",
  "waifu:template",
] as const;

export type Dataset = {
  readonly name: string;
  readonly type: string;
  readonly usedBytes: number;
  readonly availableBytes: number;
  readonly volsizeBytes?: number;
  readonly labels: { readonly uuid?: string; readonly digest?: string; readonly template?: string };
};

/** The named datasets and their direct children; exits 1 when one of them is missing, and still lists the rest. */
export function listDatasets(...names: string[]): Command {
  return repeatable(
    ["zfs", "list", "-Hp", "-d", "1", "-t", "filesystem,volume", "-o", columns.join(","), ...names],
    { timeoutMs: ZFS_MS },
  );
}

/** `zfs list -Hp`: tab-separated, exact numbers, `-` for unset (zfs-list(8)). */
export function parseDatasets(stdout: string): Dataset[] {
  return stdout.split("\n").flatMap((line) => {
    const [name, type, used, available, volsize, uuid, digest, template] = line
      .split("\t")
      .map((field) => (field === "-" ? undefined : field));
    if (name === undefined || type === undefined || used === undefined) return [];
    return [
      {
        name,
        type,
        usedBytes: Number(used),
        availableBytes: Number(available ?? 0),
        volsizeBytes: volsize === undefined ? undefined : Number(volsize),
        labels: { uuid, digest, template },
      },
    ];
  });
}

const clonesScript = `
zfs list -H -o name "$1" >/dev/null 2>&1 || exit 0
exec zfs list -H -r -t snapshot -o name,clones "$1"`;

/** Every snapshot below the dataset with what is cloned from it, wherever in the pool that is. No such dataset: nothing is. */
export function listClones(parent: string): Command {
  return repeatable(["sh", "-c", clonesScript, "sh", parent], { timeoutMs: ZFS_MS });
}

/** `origin` is the dataset of the snapshot. No clones are printed as nothing or as `-`, by version. */
export function parseClones(stdout: string): { readonly origin: string; readonly clone: string }[] {
  return stdout.split("\n").flatMap((line) => {
    const [snapshotName = "", clones = ""] = line.split("\t");
    const [origin = ""] = snapshotName.split("@");
    return clones
      .split(",")
      .filter((clone) => clone !== "" && clone !== "-")
      .map((clone) => ({ origin, clone }));
  });
}

/**
 * Makes the parents too. It is never mounted: only zvols live below, which inherit that the node's partition scanners don't see what
 * is in them (volmode=dev, zfsprops(7)). Said of a volume itself, ZFS takes its device away and makes it again while the volume's
 * other properties are set, and what meets there fails with "busy", or leaves the volume without a device (zvol_set_volmode_impl).
 */
export function createFilesystem(name: string): Command {
  return repeatable(["zfs", "create", "-p", "-o", "mountpoint=none", "-o", "volmode=dev", name], {
    timeoutMs: ZFS_MS,
  });
}

/**
 * Sparse, with a fixed block size: its default moved from 8K to 16K in OpenZFS 2.2, and clones and received copies keep it for ever.
 */
export function createVolume(name: string, sizeBytes: number, labels: Record<string, string>): Command {
  return once(
    [
      "zfs",
      "create",
      "-s",
      "-V",
      String(sizeBytes),
      "-b",
      "16k",
      ...properties({ compression: "lz4", ...waifu(labels) }),
      name,
    ],
    { timeoutMs: ZFS_MS },
  );
}

const untilFree = `
tries=0
until message=$("$@" 2>&1); do
  tries=$((tries + 1))
  case $message in *busy*) [ $tries -le 50 ] ;; *) false ;; esac || { echo "$message" >&2; exit 1; }
  sleep 0.2
done`;

/**
 * Udev's probes hold a volume's device for a moment after it was made, written or closed; what changes the volume meanwhile
 * fails as a whole with "dataset is busy" (openzfs/zfs#3735), and is asked again for 10 s.
 */
function retriedWhileBusy(argv: Argv): Argv {
  return ["sh", "-c", untilFree, "sh", ...argv];
}

const cloneScript = `
size=$1
shift
zfs clone "$@" || exit
for name; do :; done
set -- zfs set "volsize=$size" "$name"${untilFree}`;

/**
 * Of the size that is asked for, not of its origin's. Its labels come with it; its size follows, for udev looks at the new device, and
 * where that is in the way `zfs clone -o volsize` takes the whole clone back, or fails to and leaves it there (zfs_ioc_clone).
 */
export function cloneVolume(
  snapshot: string,
  name: string,
  sizeBytes: number,
  labels: Record<string, string>,
): Command {
  const words = [String(sizeBytes), ...properties(waifu(labels)), snapshot, name];
  return once(["sh", "-c", cloneScript, "sh", ...words], { timeoutMs: ZFS_MS });
}

export function setProperty(name: string, property: string, value: string): Command {
  return repeatable(retriedWhileBusy(["zfs", "set", `${property}=${value}`, name]), { timeoutMs: ZFS_MS });
}

export function snapshot(name: string): Command {
  return once(["zfs", "snapshot", name], { timeoutMs: ZFS_MS });
}

/** A held snapshot can't be destroyed, by us or by hand, until it is released. */
export function hold(tag: string, snapshotName: string): Command {
  return once(["zfs", "hold", tag, snapshotName], { timeoutMs: ZFS_MS });
}

/** Back to the snapshot; later snapshots are lost. */
export function rollback(snapshotName: string): Command {
  return repeatable(retriedWhileBusy(["zfs", "rollback", "-r", snapshotName]), { timeoutMs: ZFS_MS });
}

const unlabelScript = `
clones=$(zfs get -Hp -o value clones "$1" 2>/dev/null) || exit 0
case $clones in '' | -) zfs inherit "$2" "\${1%@*}" ;; *) echo "$clones is cloned from $1" >&2; exit 1 ;; esac`;

/** Takes a label off a volume that nothing is cloned from; exits with 1 if anything is. A snapshot that is gone is well. */
export function unlabelUncloned(snapshotName: string, property: string): Command {
  return repeatable(["sh", "-c", unlabelScript, "sh", snapshotName, property], { timeoutMs: ZFS_MS });
}

const waitForIt = `
tries=0
until [ -b "$1" ]; do
  tries=$((tries + 1))
  [ $tries -ne 100 ] || udevadm trigger --subsystem-match=block --sysname-match='zd*'
  [ $tries -le 600 ] || { echo "$1 did not appear within 60 s: is udev running?" >&2; exit 1; }
  sleep 0.1
done`;

/**
 * `zfs create` and `clone` return before udev has made the device link (openzfs/zfs#7875). It misses one at times, and makes it when
 * it is told to look again (openzfs/zfs#12484).
 */
export function waitForDevice(path: string): Command {
  return repeatable(["sh", "-c", waitForIt, "sh", path], { timeoutMs: ZFS_MS });
}

const exposeScript = `
trap 'zfs inherit snapdev "$volume"' EXIT
volume=$1
zfs set snapdev=visible "$1" || exit
shift${waitForIt}
shift
"$@"`;

/** Runs the command while the snapshots of the volume have devices, which are hidden otherwise: after the device is there. */
export function withSnapshotDevice(volume: string, device: string, command: Command): Command {
  return { ...command, argv: ["sh", "-c", exposeScript, "sh", volume, device, ...command.argv] };
}

const destroyScript = `
have=$(zfs get -Hp -o value waifu:uuid "$1" 2>/dev/null) || exit 0
[ "$have" = "$2" ] || { echo "$1 belongs to $have, not to $2: left alone" >&2; exit 1; }
zfs release waifu "$1@ready" 2>/dev/null
set -- zfs destroy -r "$1"${untilFree}`;

/** Destroys a volume, its snapshots and our own hold if it bears this uuid; done already is done. */
export function destroyVolume(name: string, uuid: string): Command {
  return repeatable(["sh", "-c", destroyScript, "sh", name, uuid], { timeoutMs: ZFS_MS });
}

function waifu(labels: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).map(([key, value]) => [`waifu:${key}`, value]));
}

function properties(values: Record<string, string>): string[] {
  return Object.entries(values).flatMap(([key, value]) => ["-o", `${key}=${value}`]);
}
