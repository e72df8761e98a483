import { expect, test } from "bun:test";
import { parseMachine } from "../../src/setup/machine.ts";
import { captured } from "./sample-subject.ts";

test("a machine that was set up", () => {
  const { files, units, ...machine } = parseMachine(captured.well);
  expect(machine).toEqual({
    clockMs: 1795347527719,
    architecture: "x86_64",
    isRoot: true,
    hasSystemd: true,
    distribution: { title: "Debian GNU/Linux 12 (bookworm)", ids: ["debian"] },
    missing: [],
    versions: { libvirt: "9.0.0", qemu: "7.2.22", zfs: undefined },
    kvm: "absent",
    hasAccount: true,
    libvirt: "monolithic",
    sockets: ["libvirt-sock", "virtlogd-sock"],
    hasGuestFilter: true,
    network: { isActive: true, isAutostart: true },
    bridge: "virbr0",
    hasAddress: true,
    hasTable: true,
    isBlocked: false,
    redis: { isAppending: true, canWrite: true },
    answers: true,
    firewalld: "off",
    datasets: [],
    space: { freeBytes: 78531043328, totalBytes: 270553174016 },
  });
  expect(files.get("/var/lib/waifu-redis")).toEqual({ mode: 0o700, owner: "waifu", digest: undefined });
  expect(files.get("/etc/waifu/redis.conf")?.digest).toStartWith("ac198dee");
  expect(units.get("waifu-redis.service")).toEqual({ isActive: true, isEnabled: true });
  expect(units.get("virtqemud.service")).toEqual({ isActive: false, isEnabled: false });
});

test("a machine with nothing but sshd", () => {
  const machine = parseMachine(captured.bare);
  expect(machine).toMatchObject({
    isRoot: true,
    hasAccount: false,
    sockets: [],
    answers: false,
    hasTable: false,
  });
  expect([machine.network, machine.bridge, machine.redis]).toEqual([undefined, undefined, undefined]);
});

test("a file's name may hold spaces", () => {
  const { files } = parseMachine("file 755 root /srv/my disks\n");
  expect([...files.keys()]).toEqual(["/srv/my disks"]);
});

test("nothing at all, as of a login that may do nothing", () => {
  expect(parseMachine("")).toMatchObject({ isRoot: false, hasSystemd: false, missing: [] });
});
