import type { NodeConfig } from "../config/cluster-config.ts";
import type { Cluster } from "../nodes/cluster.ts";
import { fileNeeds } from "./file-needs.ts";
import { libvirtNeeds } from "./libvirt-needs.ts";
import { lookAtMachine } from "./look.ts";
import { parseMachine } from "./machine.ts";
import type { Need, OwnBinary, Subject } from "./need.ts";
import { serviceFiles } from "./service-files.ts";
import { serviceNeeds } from "./service-needs.ts";
import { systemNeeds } from "./system-needs.ts";

export type Examination = { readonly subject: Subject; readonly needs: readonly Need[] };

/** Looks at a node in one round trip, and judges what it sees. Changes nothing there. */
export async function examine(
  cluster: Pick<Cluster, "connect" | "now">,
  node: NodeConfig,
  binary: OwnBinary | undefined,
  signal?: AbortSignal,
): Promise<Examination> {
  const runner = await cluster.connect(node);
  const beganMs = cluster.now().getTime();
  const { stdout } = await runner.run(lookAtMachine(node), signal);
  const endedMs = cluster.now().getTime();
  const machine = parseMachine(stdout);
  // Before libvirt has made it, the bridge that it will make.
  const bridge = machine.bridge ?? (node.network.kind === "bridge" ? node.network.name : "virbr0");
  const subject: Subject = {
    node,
    machine,
    bridge,
    files: serviceFiles(bridge),
    binary,
    skewMs: outside(machine.clockMs, beganMs, endedMs),
  };
  return { subject, needs: judge(subject) };
}

/** Everything that running instances asks of this node, well or not. Without root nothing can be told but that. */
export function judge(subject: Subject): Need[] {
  const system = systemNeeds(subject);
  if (!subject.machine.isRoot) return system.filter(({ check }) => check === "root");
  return [...system, ...fileNeeds(subject), ...libvirtNeeds(subject), ...serviceNeeds(subject)];
}

/** How far from an interval: the node read its clock somewhere within. */
function outside(value: number, from: number, to: number): number {
  return value < from ? value - from : Math.max(0, value - to);
}
