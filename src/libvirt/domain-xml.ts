import domainTemplate from "../../templates/domain.xml" with { type: "text" };
import type { InstanceSpec } from "../instance-spec.ts";
import { escapeXml, metadataElement } from "./metadata.ts";
import { guestFilter } from "./nwfilter.ts";

export type DiskSource =
  | { readonly kind: "block"; readonly path: string }
  | { readonly kind: "file"; readonly path: string; readonly format: "qcow2" };

export type DomainHost = {
  readonly hasKvm: boolean;
  readonly hasGuestFilter: boolean;
  readonly network: { readonly kind: "network" | "bridge"; readonly name: string };
};

/** Where cloud-init finds the seed: on a second disk, or at a URL, which must hold neither white space nor a semicolon. */
export type SeedSource =
  | { readonly kind: "disk"; readonly path: string }
  | { readonly kind: "url"; readonly url: string };

/**
 * libvirt picks a firmware that the node has. One with Secure Boot would refuse most distributions' cloud images, whose boot loaders nobody
 * signed.
 */
const uefi = `<firmware><feature enabled='no' name='enrolled-keys'/><feature enabled='no' name='secure-boot'/></firmware>`;

const seedDisk = (path: string) => `    <disk type='file' device='disk'>
      <driver name='qemu' type='raw'/>
      <source file='${escapeXml(path)}'/>
      <target dev='vdb' bus='virtio'/>
      <readonly/>
    </disk>
`;

/** `nocloud-net` would say the same, but cloud-init has deprecated it since 24.1. Before 23.1 `nocloud` alone would mean the local disk. */
const serial = (url: string) => `
      <entry name='serial'>${escapeXml(`ds=nocloud;dsmode=net;s=${url}`)}</entry>`;

/** Only for an address that is known: libvirt would learn any other from the first packet, the guest's own word. */
const filterRef = (address: string) => `
      <filterref filter='${guestFilter}'><parameter name='IP' value='${escapeXml(address)}'/></filterref>`;

/** The domain of one instance, from templates/domain.xml. Every value is escaped; an unfilled placeholder throws. */
export function renderDomain(
  spec: InstanceSpec,
  host: DomainHost,
  disk: DiskSource,
  seed: SeedSource,
): string {
  const isBlock = disk.kind === "block";
  const values: Record<string, string> = {
    hypervisor: host.hasKvm ? "kvm" : "qemu",
    // Without KVM there is no host CPU to copy: take everything that QEMU can emulate.
    cpuMode: host.hasKvm ? "host-model" : "maximum",
    name: spec.name,
    uuid: spec.uuid,
    template: spec.template.name,
    memoryBytes: String(spec.memoryBytes),
    cpus: String(spec.cpus),
    diskType: disk.kind,
    diskAttribute: isBlock ? "dev" : "file",
    diskFormat: isBlock ? "raw" : disk.format,
    diskIo: isBlock ? "native" : "threads",
    diskPath: disk.path,
    mac: spec.mac,
    interfaceType: host.network.kind,
    interfaceSource: host.network.name,
    consoleLog: consoleLogPath(spec.name),
  };
  const elements: Record<string, string> = {
    metadata: metadataElement(spec),
    osAttributes: spec.firmware === "uefi" ? " firmware='efi'" : "",
    firmware: spec.firmware === "uefi" ? uefi : "",
    serial: seed.kind === "url" ? serial(seed.url) : "",
    seedDisk: seed.kind === "disk" ? seedDisk(seed.path) : "",
    filter: host.hasGuestFilter && spec.address !== undefined ? filterRef(spec.address) : "",
  };
  return String(domainTemplate).replace(/\{\{(\w+)\}\}/g, (_, key: string) => {
    const element = elements[key];
    if (element !== undefined) return element;
    const value = values[key];
    if (value === undefined) throw new Error(`templates/domain.xml: no value for ${key}`);
    return escapeXml(value);
  });
}

/** Where virtlogd writes what the guest says on its serial console; a folder that libvirt's own profile allows. */
export function consoleLogPath(name: string): string {
  return `/var/log/libvirt/qemu/${name}.console.log`;
}

/** Whose console log the file is. */
export function instanceWithLog(path: string): string | undefined {
  return /\/([a-z0-9-]+)\.console\.log(?:\.\d+)?$/.exec(path)?.[1];
}

/** With those that virtlogd has rotated: three, unless its own configuration says otherwise (virtlogd.conf, max_backups). */
export function consoleLogPaths(name: string): string[] {
  const path = consoleLogPath(name);
  return [path, `${path}.0`, `${path}.1`, `${path}.2`];
}
