import type { NodeConfig } from "../config/cluster-config.ts";
import { WaifuError } from "../errors.ts";
import type { InstanceSpec } from "../instance-spec.ts";
import { lastComplaint } from "../libvirt/virsh.ts";
import { parseReads, type SecretRead } from "../metadata/secret-record.ts";
import { listReads } from "../metadata/secret-service.ts";
import type { Cluster } from "../nodes/cluster.ts";

export type GuestReads = { readonly spec: InstanceSpec; readonly reads: readonly SecretRead[] };

/** What these guests of one node read, each oldest first, as far as the node still knows. Throws `remote-failed`. */
export async function readsOf(
  cluster: Cluster,
  node: NodeConfig,
  specs: readonly InstanceSpec[],
  signal?: AbortSignal,
): Promise<GuestReads[]> {
  const runner = await cluster.connect(node);
  const commands = specs.map(({ uuid }) => listReads(uuid));
  const results = await runner.runAll(commands, signal);
  return specs.map((spec, index) => {
    const { exitCode, stdout = "", stderr = "" } = results[index] ?? {};
    if (exitCode === 0) return { spec, reads: parseReads(stdout) };
    const message = `can't tell what ${spec.name} has read on node ${node.name}: ${lastComplaint(stderr)}`;
    throw new WaifuError("remote-failed", message, { node: node.name, instance: spec.name });
  });
}
