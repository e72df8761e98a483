import { WaifuError } from "../errors.ts";
import { domainAddresses, parseDomainAddresses } from "../libvirt/virsh.ts";
import type { Cluster } from "../nodes/cluster.ts";
import type { Instance } from "./locate.ts";

export type FoundAddress = {
  readonly address: string;
  readonly source: "reservation" | "lease" | "agent" | "arp";
};

/** Its reserved address; else the DHCP lease, what the guest agent says, or the node's neighbour table. One round trip. */
export async function findAddress(
  cluster: Cluster,
  instance: Instance,
  signal?: AbortSignal,
): Promise<FoundAddress | undefined> {
  const { node, spec } = instance;
  if (spec.address !== undefined) return { address: spec.address, source: "reservation" };
  const sources = ["lease", "agent", "arp"] as const;
  const runner = await cluster.connect(node);
  const results = await runner.runAll(
    sources.map((source) => domainAddresses(node.libvirtUri, spec.uuid, source)),
    signal,
  );
  for (const [index, source] of sources.entries()) {
    const found = parseDomainAddresses(results[index]?.stdout ?? "").find(
      (row) => row.mac === spec.mac && row.protocol === "ipv4",
    );
    if (found !== undefined) return { address: found.address, source };
  }
  return undefined;
}

/** Throws `not-ready` when nothing knows an address yet. */
export async function requireAddress(
  cluster: Cluster,
  instance: Instance,
  signal?: AbortSignal,
): Promise<FoundAddress> {
  const found = await findAddress(cluster, instance, signal);
  if (found !== undefined) return found;
  const { name } = instance.spec;
  throw new WaifuError("not-ready", `${name} on node ${instance.node.name} has no address yet`, {
    node: instance.node.name,
    instance: name,
    hint: `waifuctl ip ${name} --why gathers the evidence.`,
  });
}
