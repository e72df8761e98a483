import { type Command, repeatable } from "../command.ts";
import type { NodeConfig } from "../config/cluster-config.ts";
import { virsh } from "../libvirt/virsh.ts";

export type Versions = { readonly libvirt?: string; readonly qemu?: string; readonly zfs?: string };

export function readVersions(node: NodeConfig): Command[] {
  const hypervisor = repeatable(virsh(node.libvirtUri, "version"));
  return node.storage.kind === "zfs" ? [hypervisor, repeatable(["zfs", "version"])] : [hypervisor];
}

/** `virsh version` and `zfs version` print for people; these lines have been the same since libvirt 0.1 and OpenZFS 0.8. */
export function parseVersions(virshOutput: string, zfsOutput = ""): Versions {
  return {
    libvirt: /^Using library: libvirt (\S+)/m.exec(virshOutput)?.[1],
    qemu: /^Running hypervisor: QEMU (\S+)/m.exec(virshOutput)?.[1],
    zfs: /^zfs-(?:kmod-)?(\S+)/m.exec(zfsOutput)?.[1],
  };
}
