import { repeatable } from "../command.ts";
import { serviceUser } from "../metadata/service-paths.ts";
import { formatSize } from "../size.ts";
import { familyOf, installPrograms } from "./distribution.ts";
import type { Need, Subject } from "./need.ts";

/** What waifuctl's commands were written for: the oldest that has all they say. */
const oldest = { libvirt: "6.2", qemu: "4.2", zfs: "2.0" } as const;

const SKEW_WARNING_MS = 2_000;
/** Certificates, leases and logs go wrong beyond this. */
const SKEW_FAILURE_MS = 60_000;

/** Copy-on-write storage becomes slow, and then full, from here on. */
const LITTLE_ROOM = 0.1;
const NO_ROOM_BYTES = 1024 ** 3;

/** The machine itself: rights, programs, clock, room. */
export function systemNeeds({ node, machine, skewMs }: Subject): Need[] {
  const { missing, distribution, space, kvm } = machine;
  const family = familyOf(distribution.ids);
  const install = installPrograms(family, missing);
  const hasNoRoom = space !== undefined && space.freeBytes < NO_ROOM_BYTES;
  const skew = `${(Math.abs(skewMs) / 1000).toFixed(1)} s ${skewMs > 0 ? "ahead of" : "behind"} this machine's`;
  return [
    {
      check: "root",
      problem: machine.isRoot ? undefined : "the login is not root, and does not become root",
      isFirst: true,
      hint: `Log in as root, or set become = "sudo" for ${node.name} in cluster.toml.`,
    },
    {
      check: "systemd",
      problem: machine.hasSystemd ? undefined : "systemd does not run there",
      isFirst: true,
      hint: "The metadata service and its Redis are systemd units: without them give guests their seed on a disk (--seed cidata).",
    },
    {
      check: "programs",
      problem: missing.length === 0 ? undefined : `missing: ${missing.join(", ")}`,
      isFirst: install === undefined,
      hint: `Install them by the means of ${distribution.title}.`,
      mend: install && {
        stage: "programs",
        step: { title: `install ${missing.join(", ")}`, commands: [install] },
      },
    },
    ...versionNeeds(machine.versions),
    {
      check: "kvm",
      problem: kvm === "usable" ? undefined : `KVM is ${kvm}: guests are emulated, and slow`,
      isMinor: true,
      hint:
        kvm === "denied"
          ? "Look at the permissions of /dev/kvm."
          : "Switch on virtualisation (VT-x, AMD-V, nested) in the firmware or the hypervisor, and load kvm_intel or kvm_amd.",
    },
    {
      check: "clock",
      problem: Math.abs(skewMs) > SKEW_WARNING_MS ? `the clock is ${skew}` : undefined,
      isMinor: Math.abs(skewMs) <= SKEW_FAILURE_MS,
      hint: "Let both keep time: timedatectl set-ntp true",
    },
    {
      check: "space",
      problem:
        space !== undefined && (hasNoRoom || space.freeBytes < LITTLE_ROOM * space.totalBytes)
          ? `only ${formatSize(space.freeBytes)} of ${formatSize(space.totalBytes)} are free for disks`
          : undefined,
      isMinor: !hasNoRoom,
      hint: `waifuctl template prune --node ${node.name}`,
    },
    {
      check: "account",
      problem: machine.hasAccount ? undefined : `there is no account ${serviceUser}`,
      mend: { stage: "account", step: { title: `account ${serviceUser}`, commands: [addAccount] } },
    },
  ];
}

const addAccount = repeatable([
  "sh",
  "-c",
  'id "$1" >/dev/null 2>&1 || useradd --system --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin "$1"',
  "sh",
  serviceUser,
]);

/** Of programs that are there. */
function versionNeeds(versions: Readonly<Partial<Record<keyof typeof oldest, string>>>): Need[] {
  return (["libvirt", "qemu", "zfs"] as const).flatMap((program) => {
    const version = versions[program];
    if (version === undefined) return [];
    const isOld = Bun.semver.order(threeParts(version), threeParts(oldest[program])) < 0;
    return [
      {
        check: `${program} version`,
        problem: isOld ? `${program} ${version} is older than ${oldest[program]}` : undefined,
        hint: "Upgrade the node's distribution.",
      },
    ];
  });
}

/** `2.1.11-1ubuntu1` is no pre-release of 2.1.11. */
function threeParts(version: string): string {
  const [major = "0", minor = "0", patch = "0"] = version.split(/[^\d]+/);
  return `${major}.${minor}.${patch}`;
}
