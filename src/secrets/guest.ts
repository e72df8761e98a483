import { type Command, repeatable } from "../command.ts";
import type { NodeConfig } from "../config/cluster-config.ts";
import type { InstanceSpec } from "../instance-spec.ts";
import { virsh } from "../libvirt/virsh.ts";
import { seedUrl } from "../metadata/service-paths.ts";
import { type FanOut, onEveryNode } from "../nodes/fan-out.ts";

/** An instance that is served over HTTP, and where it is. */
export type Guest = { readonly node: NodeConfig; readonly spec: InstanceSpec };

/** Works on all nodes that have some of the guests at once, as `onEveryNode` does. */
export async function onNodesOf<T>(
  guests: readonly Guest[],
  work: (node: NodeConfig, here: readonly Guest[]) => Promise<T>,
): Promise<FanOut<T>> {
  const byNode = Map.groupBy(guests, ({ node }) => node);
  return await onEveryNode([...byNode.keys()], (node) => work(node, byNode.get(node) ?? []));
}

/** Its output holds the guest's token: never to be shown. */
export function readDomain(uri: string, uuid: string): Command {
  return repeatable(virsh(uri, "dumpxml", uuid, "--inactive"));
}

const [beforeToken, afterToken] = seedUrl("TOKEN").split("TOKEN");
const serial = new RegExp(`;s=${beforeToken}([A-Za-z0-9_-]{43})${afterToken}<`);

/** From the SMBIOS serial, where the guest itself finds it; undefined when its seed is a disk. */
export function parseToken(domainXml: string): string | undefined {
  return serial.exec(domainXml)?.[1];
}
