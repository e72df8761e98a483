import type { InstanceSpec } from "../instance-spec.ts";
import { isActive } from "../libvirt/domain-list.ts";
import { writeMetadata } from "../libvirt/metadata.ts";
import type { Cluster } from "../nodes/cluster.ts";
import { withNodeLock } from "../nodes/lock.ts";
import { runPlan, type Watch } from "../nodes/run-plan.ts";
import { relabelCommands } from "../secrets/delivery.ts";
import { type Instance, locateInstance } from "./locate.ts";

/** What waifuctl alone goes by: no guest notices. */
export type Wishes = Pick<InstanceSpec, "labels" | "restart">;

/**
 * Notes other labels or another restart policy, under the node's lock. A guest that is served over HTTP, under `token`, gets the secrets of its
 * new labels, and loses those of the old: first, so that repeating this puts right what was cut off.
 */
export async function relabelInstance(
  cluster: Cluster,
  seen: Instance,
  wishes: Wishes,
  token: string | undefined,
  watch: Watch,
): Promise<void> {
  await withNodeLock(cluster, seen.node, watch, async (watch) => {
    const { node, spec, state } = await locateInstance(cluster, seen.spec.name, watch.signal);
    const relabelled: InstanceSpec = { ...spec, ...wishes };
    const secrets = token === undefined ? [] : relabelCommands(cluster, [spec, relabelled], token);
    const stages = [
      ...(secrets.length === 0 ? [] : [[{ title: "secrets of its labels", commands: secrets }]]),
      [
        {
          title: "note what is wanted",
          commands: [writeMetadata(node.libvirtUri, relabelled, isActive(state))],
        },
      ],
    ];
    await runPlan(cluster, { verb: "relabel", instance: spec.name, uuid: spec.uuid, node, stages }, watch);
    const seenAt = cluster.now().toISOString();
    cluster.state.instances.remember({ spec: relabelled, node: node.name, state, seenAt });
  });
}
