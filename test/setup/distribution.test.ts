import { expect, test } from "bun:test";
import { familyOf, installPrograms } from "../../src/setup/distribution.ts";

// ID and ID_LIKE of each one's /etc/os-release.
test.each([
  ["debian", "debian"],
  ["ubuntu debian", "debian"],
  ["fedora", "fedora"],
  ["rocky rhel centos fedora", "fedora"],
  ["almalinux rhel centos fedora", "fedora"],
  ["nixos", "nixos"],
  ["arch", "other"],
  ["", "other"],
] as const)("%p is %s", (ids, family) => {
  expect(familyOf(ids.split(" "))).toBe(family);
});

test("each package once, by the names of its distribution", () => {
  const missing = ["virsh", "qemu-img", "redis-server", "redis-cli", "nft", "xz"];
  expect(installPrograms("debian", missing)?.argv.slice(4)).toEqual([
    "libvirt-daemon-system",
    "libvirt-clients",
    "qemu-utils",
    "redis-server",
    "redis-tools",
    "nftables",
    "xz-utils",
  ]);
  expect(installPrograms("fedora", missing)?.argv.slice(3)).toEqual([
    "libvirt-client",
    "libvirt-daemon-kvm",
    "libvirt-daemon-config-network",
    "/usr/bin/qemu-img",
    "/usr/bin/redis-server",
    "/usr/bin/redis-cli",
    "/usr/sbin/nft",
    "/usr/bin/xz",
  ]);
  expect(installPrograms("other", missing)).toBeUndefined();
});
