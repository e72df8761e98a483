import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { InstanceSpec } from "../../src/instance-spec.ts";
import { type DiskSource, type DomainHost, renderDomain } from "../../src/libvirt/domain-xml.ts";
import { metadataNamespace, parseMetadata } from "../../src/libvirt/metadata.ts";
import { virsh } from "../../src/libvirt/virsh.ts";
import { spec } from "../spec.ts";

const disks: DiskSource[] = [
  { kind: "block", path: "/dev/zvol/tank/waifu/instances/cosy-otter" },
  { kind: "file", path: '/var/lib/waifu/instances/it\'s <here> & "there".qcow2', format: "qcow2" },
];
const hosts: DomainHost[] = [
  { hasKvm: true, network: { kind: "network", name: "default" } },
  { hasKvm: false, network: { kind: "bridge", name: "br0" } },
];
const uefi = { ...spec, firmware: "uefi" as const };
const combinations = disks.flatMap((disk) =>
  hosts.flatMap((host): [DiskSource, DomainHost, InstanceSpec][] => [
    [disk, host, spec],
    [disk, host, uefi],
  ]),
);

test.each(combinations)(
  "libvirt's own schema accepts %j on %j, and the metadata comes back",
  async (disk, host, spec) => {
    const folder = mkdtempSync(join(tmpdir(), "waifu-xml-"));
    try {
      const file = join(folder, "domain.xml");
      await Bun.write(file, renderDomain(spec, host, disk, "/var/lib/waifu/seeds/x.img"));
      const validate = Bun.spawnSync(["virt-xml-validate", file, "domain"]);
      expect(validate.stderr.toString() + validate.stdout.toString()).toContain("validates");
      // The test driver forgets everything between two processes: define and read in one.
      const [program, ...args] = virsh(
        "test:///default",
        `define ${file}; metadata ${spec.uuid} --uri ${metadataNamespace}`,
      );
      const printed = Bun.spawnSync([program, ...args]).stdout.toString();
      expect(parseMetadata(printed.slice(printed.indexOf("<")))).toEqual(spec);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);

test("values are escaped, KVM and block devices take their own words", () => {
  const xml = renderDomain(
    { ...spec, labels: {} },
    { hasKvm: true, network: { kind: "network", name: "a'b" } },
    { kind: "block", path: "/dev/x" },
    "/s",
  );
  expect(xml).toContain("<domain type='kvm'>");
  expect(xml).toContain("<source network='a&apos;b'/>");
  expect(xml).toContain("<source dev='/dev/x'/>");
  expect(xml).not.toContain("{{");
  expect(xml).toContain("<os>\n    <type arch='x86_64' machine='q35'>hvm</type>\n");
});
