import { describe, expect, test } from "bun:test";
import { binaryPath } from "../../src/metadata/service-paths.ts";
import { toFinding } from "../../src/setup/doctor.ts";
import { judge } from "../../src/setup/examine.ts";
import type { Machine } from "../../src/setup/machine.ts";
import type { Subject } from "../../src/setup/need.ts";
import { nodeConfig } from "../scripted-cluster.ts";
import { inOrder, subject } from "./sample-subject.ts";

const GiB = 1024 ** 3;
const mend = "waifuctl node setup n1";

/** What is not well: `status: problem → hint`. */
function findings(of: Subject): string[] {
  return judge(of)
    .map((need) => toFinding(need, of.node))
    .filter(({ status }) => status !== "ok")
    .map(({ check, status, problem, hint }) => `${check} ${status}: ${problem} → ${hint}`);
}

test("a node in order", () => {
  expect(findings(subject())).toEqual([]);
});

const inactive = (unit: string): Partial<Machine> => ({
  units: new Map(subject().machine.units).set(unit, { isActive: false, isEnabled: true }),
});
const folder = (path: string, mode: number, owner = "root"): Partial<Machine> => ({
  files: inOrder({ [path]: { mode, owner } }),
});

describe("what is not", () => {
  test.each<[title: string, changes: Partial<Machine>, finding: string]>([
    [
      "no root",
      { isRoot: false, hasAccount: false },
      'root failure: the login is not root, and does not become root → Log in as root, or set become = "sudo" for n1 in cluster.toml.',
    ],
    ["programs", { missing: ["nft", "xz"] }, `programs failure: missing: nft, xz → ${mend}`],
    [
      "programs, elsewhere",
      { missing: ["nft"], distribution: { title: "Void", ids: ["void"] } },
      "programs failure: missing: nft → Install them by the means of Void.",
    ],
    [
      "an old libvirt",
      { versions: { libvirt: "4.0.0", qemu: "7.2.22" } },
      "libvirt version failure: libvirt 4.0.0 is older than 6.2 → Upgrade the node's distribution.",
    ],
    [
      "an old ZFS",
      { versions: { libvirt: "9.0.0", qemu: "7.2.22", zfs: "0.8.3-1ubuntu12" } },
      "zfs version failure: zfs 0.8.3-1ubuntu12 is older than 2.0 → Upgrade the node's distribution.",
    ],
    [
      "KVM that may not be used",
      { kvm: "denied" },
      "kvm warning: KVM is denied: guests are emulated, and slow → Look at the permissions of /dev/kvm.",
    ],
    [
      "little room",
      { space: { freeBytes: 5 * GiB, totalBytes: 100 * GiB } },
      "space warning: only 5 GiB of 100 GiB are free for disks → waifuctl template prune --node n1",
    ],
    [
      "no room",
      { space: { freeBytes: GiB / 2, totalBytes: 100 * GiB } },
      "space failure: only 512 MiB of 100 GiB are free for disks → waifuctl template prune --node n1",
    ],
    ["no account", { hasAccount: false }, `account failure: there is no account waifu → ${mend}`],
    [
      "a folder that QEMU can't pass",
      folder("/var/lib/waifu/seeds", 0o700),
      `folder /var/lib/waifu/seeds failure: /var/lib/waifu/seeds belongs to root and has mode 700 → ${mend}`,
    ],
    [
      "a folder that anybody may change",
      folder("/var/lib/waifu", 0o777),
      `folder /var/lib/waifu failure: /var/lib/waifu belongs to root and has mode 777 → ${mend}`,
    ],
    [
      "seeds that anybody may read",
      folder("/var/lib/waifu-redis", 0o755, "waifu"),
      `folder /var/lib/waifu-redis failure: /var/lib/waifu-redis belongs to waifu and has mode 755 → ${mend}`,
    ],
    [
      "a changed unit",
      { files: inOrder({ "/etc/systemd/system/waifu-md.service": { digest: "0" } }) },
      `file /etc/systemd/system/waifu-md.service failure: /etc/systemd/system/waifu-md.service was changed → ${mend}`,
    ],
    [
      "another waifuctl",
      { files: inOrder({ [binaryPath]: { digest: "c".repeat(64) } }) },
      `waifuctl failure: ${binaryPath} is not this waifuctl → ${mend}`,
    ],
    [
      "no virtlogd",
      { sockets: ["libvirt-sock"] },
      `libvirt failure: nobody listens at /run/libvirt/virtlogd-sock → ${mend}`,
    ],
    [
      "libvirtd on a modular node",
      { libvirt: "modular" },
      `libvirt failure: nobody listens at /run/libvirt/virtqemud-sock → ${mend}`,
    ],
    [
      "no network",
      { network: undefined },
      `network failure: the libvirt network default is not there → ${mend}`,
    ],
    [
      "a network that is off",
      { network: { isActive: false, isAutostart: false } },
      `network failure: the libvirt network default is off → ${mend}`,
    ],
    [
      "a network until the next boot",
      { network: { isActive: true, isAutostart: false } },
      `network failure: the libvirt network default does not start with the node → ${mend}`,
    ],
    [
      "firewalld without our rule",
      { firewalld: "no rule" },
      `firewalld failure: firewalld lets no guest ask for its metadata → ${mend}`,
    ],
    [
      "firewalld without libvirt's zone",
      { firewalld: "no zone" },
      "firewalld failure: firewalld has no zone libvirt → Restart libvirt: it makes the zone as it finds firewalld.",
    ],
    [
      "no address",
      { hasAddress: false },
      `metadata address failure: no interface has the address 169.254.169.254 → ${mend}`,
    ],
    [
      "no firewall",
      { hasTable: false },
      `firewall failure: the nftables table inet waifu is not loaded: others than guests can ask → ${mend}`,
    ],
    [
      "another firewall",
      { isBlocked: true },
      "other firewall failure: the node's own firewall lets no guest ask for its metadata → On n1: ufw allow in on virbr0 to 169.254.169.254 port 80 proto tcp (or the like, where it is not ufw)",
    ],
    [
      "no Redis",
      inactive("waifu-redis.service"),
      `redis failure: waifu-redis.service is not running → ${mend}`,
    ],
    [
      "a silent Redis",
      { redis: undefined },
      `redis failure: Redis does not answer at /run/waifu-redis/redis.sock → ${mend}`,
    ],
    [
      "a Redis that forgets",
      { redis: { isAppending: false, canWrite: true } },
      `redis failure: Redis does not write its append-only file → ${mend}`,
    ],
    [
      "a Redis on a full disk",
      { redis: { isAppending: true, canWrite: false } },
      "redis failure: Redis can't write its append-only file → See what it says (journalctl -u waifu-redis), and the room in /var/lib.",
    ],
    [
      "a silent service",
      { answers: false },
      `metadata service failure: nobody answers at http://169.254.169.254:80/ → ${mend}`,
    ],
  ])("%s", (_, changes, finding) => {
    expect(findings(subject(changes))).toEqual([finding]);
  });

  test.each([
    [1_900, []],
    [-5_000, ["clock warning: the clock is 5.0 s behind this machine's"]],
    [3_600_000, ["clock failure: the clock is 3600.0 s ahead of this machine's"]],
  ])("a clock %p ms off", (skewMs, expected) => {
    const advice = " → Let both keep time: timedatectl set-ntp true";
    expect(findings(subject({}, { skewMs }))).toEqual(expected.map((text) => text + advice));
  });

  test("a waifuctl that the node can't run, or that is none", () => {
    const others = inOrder({ [binaryPath]: { digest: "c" } });
    const arm = { path: "/opt/waifuctl", digest: "d", architecture: "aarch64" };
    for (const binary of [arm, undefined]) {
      expect(findings(subject({ files: others }, { binary }))).toEqual([]);
      const [absent] = findings(subject({ files: inOrder({ [binaryPath]: undefined }) }, { binary }));
      expect(absent).toStartWith(`waifuctl failure: there is no ${binaryPath} → Run`);
    }
  });

  test("a pool or its datasets", () => {
    const node = { ...nodeConfig("n1"), storage: { kind: "zfs", pool: "tank" } as const };
    const of = (...datasets: string[]) => findings(subject({ datasets }, { node }));
    expect(of()).toEqual([
      "storage failure: there is no pool tank → Import it (zpool import), or correct `storage.pool` in cluster.toml.",
    ]);
    expect(of("tank", "tank/waifu/templates")).toEqual([
      `storage failure: there is no dataset tank/waifu/instances → ${mend}`,
    ]);
    expect(of("tank", "tank/waifu/templates", "tank/waifu/instances")).toEqual([]);
  });

  test("a bridge that is nobody's to make but the person's", () => {
    const node = { ...nodeConfig("n1"), network: { kind: "bridge", name: "br0" } as const };
    expect(findings(subject({ network: undefined, bridge: undefined }, { node }))).toEqual([
      "network failure: there is no bridge br0 → Make it with the node's own network configuration, or correct `bridge` in cluster.toml.",
    ]);
  });
});
