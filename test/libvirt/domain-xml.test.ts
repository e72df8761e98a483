import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { InstanceSpec } from "../../src/instance-spec.ts";
import {
  type DiskSource,
  type DomainHost,
  renderDomain,
  type SeedSource,
} from "../../src/libvirt/domain-xml.ts";
import { metadataNamespace, parseMetadata } from "../../src/libvirt/metadata.ts";
import { virsh } from "../../src/libvirt/virsh.ts";
import { spec } from "../spec.ts";

const disks: DiskSource[] = [
  { kind: "block", path: "/dev/zvol/tank/waifu/instances/cosy-otter" },
  { kind: "file", path: '/var/lib/waifu/instances/it\'s <here> & "there".qcow2', format: "qcow2" },
];
const hosts: DomainHost[] = [
  { hasKvm: true, hasGuestFilter: true, network: { kind: "network", name: "default" } },
  { hasKvm: false, hasGuestFilter: false, network: { kind: "bridge", name: "br0" } },
];
const disk: SeedSource = { kind: "disk", path: "/var/lib/waifu/seeds/x.img" };
const url: SeedSource = { kind: "url", url: "http://169.254.169.254/abc_DEF-9/" };
const uefi = { ...spec, firmware: "uefi" as const };
const combinations = disks.flatMap((source) =>
  hosts.flatMap((host): [DiskSource, DomainHost, InstanceSpec, SeedSource][] => [
    [source, host, spec, disk],
    [source, host, uefi, url],
  ]),
);

test.each(combinations)(
  "libvirt's own schema accepts %j on %j, and the metadata comes back",
  async (disk, host, spec, seed) => {
    const folder = mkdtempSync(join(tmpdir(), "waifu-xml-"));
    try {
      const file = join(folder, "domain.xml");
      await Bun.write(file, renderDomain(spec, host, disk, seed));
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
    { hasKvm: true, hasGuestFilter: false, network: { kind: "network", name: "a'b" } },
    { kind: "block", path: "/dev/x" },
    disk,
  );
  expect(xml).toContain("<domain type='kvm'>");
  expect(xml).toContain("<source network='a&apos;b'/>");
  expect(xml).toContain("<source dev='/dev/x'/>");
  expect(xml).not.toContain("{{");
  expect(xml).toContain("<os>\n    <type arch='x86_64' machine='q35'>hvm</type>\n");
});

test("a seed over HTTP stands in the serial number, and takes no disk", () => {
  const [source = { kind: "block", path: "/dev/x" }] = disks;
  const [host = { hasKvm: true, hasGuestFilter: true, network: { kind: "network", name: "default" } }] =
    hosts;
  const xml = renderDomain({ ...spec, seed: "http" }, host, source, url);
  expect(xml).toContain(
    "<entry name='serial'>ds=nocloud;dsmode=net;s=http://169.254.169.254/abc_DEF-9/</entry>",
  );
  expect(xml).not.toContain("vdb");
  expect(renderDomain(spec, host, source, disk)).not.toContain("serial'>");
});

test("the filter goes by the reserved address, and without one there is none", () => {
  const host: DomainHost = {
    hasKvm: true,
    hasGuestFilter: true,
    network: { kind: "network", name: "default" },
  };
  const xml = (address?: string) =>
    renderDomain({ ...spec, address }, host, { kind: "block", path: "/dev/x" }, disk);
  expect(xml("192.168.122.2")).toContain(
    "<filterref filter='waifu-guest'><parameter name='IP' value='192.168.122.2'/></filterref>",
  );
  expect(xml()).not.toContain("filterref");
});
