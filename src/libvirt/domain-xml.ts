import domainTemplate from "../../templates/domain.xml" with { type: "text" };
import type { InstanceSpec } from "../instance-spec.ts";
import { escapeXml, metadataElement } from "./metadata.ts";

export type DiskSource =
  | { readonly kind: "block"; readonly path: string }
  | { readonly kind: "file"; readonly path: string; readonly format: "qcow2" };

export type DomainHost = {
  readonly hasKvm: boolean;
  readonly network: { readonly kind: "network" | "bridge"; readonly name: string };
};

/**
 * libvirt picks a firmware that the node has. One with Secure Boot would refuse most distributions' cloud images, whose boot loaders nobody
 * signed.
 */
const uefi = `<firmware><feature enabled='no' name='enrolled-keys'/><feature enabled='no' name='secure-boot'/></firmware>`;

/** The domain of one instance, from templates/domain.xml. Every value is escaped; an unfilled placeholder throws. */
export function renderDomain(
  spec: InstanceSpec,
  host: DomainHost,
  disk: DiskSource,
  seedPath: string,
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
    seedPath,
    mac: spec.mac,
    interfaceType: host.network.kind,
    interfaceSource: host.network.name,
    consoleLog: consoleLogPath(spec.name),
  };
  return String(domainTemplate).replace(/\{\{(\w+)\}\}/g, (_, key: string) => {
    if (key === "metadata") return metadataElement(spec);
    if (key === "osAttributes") return spec.firmware === "uefi" ? " firmware='efi'" : "";
    if (key === "firmware") return spec.firmware === "uefi" ? uefi : "";
    const value = values[key];
    if (value === undefined) throw new Error(`templates/domain.xml: no value for ${key}`);
    return escapeXml(value);
  });
}

/** Where virtlogd writes what the guest says on its serial console; a folder that libvirt's own profile allows. */
export function consoleLogPath(name: string): string {
  return `/var/log/libvirt/qemu/${name}.console.log`;
}

/** With those that virtlogd has rotated: three, unless its own configuration says otherwise (virtlogd.conf, max_backups). */
export function consoleLogPaths(name: string): string[] {
  const path = consoleLogPath(name);
  return [path, `${path}.0`, `${path}.1`, `${path}.2`];
}
