import { WaifuError } from "../errors.ts";
import { isActive } from "../libvirt/domain-list.ts";
import { consoleDomain } from "../libvirt/virsh.ts";
import type { Cluster } from "../nodes/cluster.ts";
import type { RemoteProcess, TerminalSize } from "../ssh/runner.ts";
import { locateInstance } from "./locate.ts";

/** The guest's serial console, by `virsh console --force`: whoever else is attached is put off. Throws `refused` when it is off. */
export async function openConsole(
  cluster: Cluster,
  name: string,
  terminal: TerminalSize,
  signal?: AbortSignal,
): Promise<RemoteProcess> {
  const { node, spec, state } = await locateInstance(cluster, name, signal);
  if (!isActive(state)) {
    throw new WaifuError("refused", `${name} on node ${node.name} is ${state}`, {
      node: node.name,
      instance: name,
      hint: `waifuctl start ${name}`,
    });
  }
  const runner = await cluster.connect(node);
  return await runner.start(consoleDomain(node.libvirtUri, spec.uuid), terminal);
}
