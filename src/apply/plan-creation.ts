import type { Description } from "../config/description.ts";
import { WaifuError } from "../errors.ts";
import { checkDiskSize, chooseDiskSize } from "../instances/disk-size.ts";
import { checkNameIsFree } from "../instances/taken-name.ts";
import { reviewUserData } from "../metadata/user-data-review.ts";
import { type Cluster, nodeNamed } from "../nodes/cluster.ts";
import { exactSize } from "../size.ts";
import { resolveTemplate } from "../templates/resolve.ts";
import type { Change } from "./change.ts";
import { describeInstance } from "./describe-instance.ts";
import type { Difference } from "./differences.ts";
import type { Rooms } from "./rooms.ts";
import type { Actual, Sight } from "./sight.ts";

export type Planner = {
  readonly cluster: Pick<Cluster, "config" | "state">;
  readonly sight: Sight;
  readonly rooms: Rooms;
};

/** Throws as `create` would, and `unreachable` where it may be there already. */
export function planCreation(planner: Planner, description: Description): Change {
  const { unseen, probes } = planner.sight;
  const { name, userData } = description;
  const lastSeen = unseen.find(({ spec }) => spec.name === name);
  if (lastSeen !== undefined) {
    const message = `${name} was last seen on node ${lastSeen.node}, which does not answer`;
    throw new WaifuError("unreachable", message, { node: lastSeen.node, instance: name });
  }
  checkNameIsFree(name, probes);
  if (userData !== undefined) reviewUserData(userData.text, userData.path);
  return { name, action: "create", description, ...lodge(planner, description) };
}

/** The same instance anew: what is not described is as it was, its node too unless that is what must change. */
export function planReplacement(
  planner: Planner,
  description: Description,
  actual: Actual,
  what: readonly Difference[],
): Change {
  const was = describeInstance(actual);
  const isMoved = what.some(({ field }) => field === "node" || field.startsWith("node_labels."));
  const wanted: Description = {
    ...description,
    template: description.template ?? was.template,
    cpus: description.cpus ?? was.cpus,
    memoryBytes: description.memoryBytes ?? was.memoryBytes,
    diskBytes: description.diskBytes ?? was.diskBytes,
    userData: description.userData ?? was.userData,
    labels: description.labels ?? was.labels,
    restart: description.restart ?? was.restart,
    node: isMoved ? description.node : actual.node.name,
  };
  planner.rooms.leave(actual);
  const { node } = lodge(planner, wanted);
  return { name: wanted.name, action: "replace", what, description: wanted, actual, node };
}

/** Finds it a node, and says what it will be there. */
function lodge({ cluster, sight, rooms }: Planner, description: Description) {
  const { name, node: asked, nodeLabels: labels = {}, seed: transport } = description;
  const { defaults } = cluster.config;
  const { cpus = defaults.cpus, memoryBytes = defaults.memoryBytes } = description;
  if (asked !== undefined) nodeNamed(cluster, asked);
  const words = description.template ?? defaults.template;
  if (words === undefined) {
    const message = `${description.origin}: ${name} needs a template`;
    throw new WaifuError("usage", message, { hint: 'Write template = "NAME".' });
  }
  const template = resolveTemplate(cluster, words, sight.probes);
  const { digest } = template;
  const diskBytes = chooseDiskSize(description.diskBytes, defaults.diskBytes, template);
  checkDiskSize(template, diskBytes);
  const node = rooms.take(name, { cpus, memoryBytes, diskBytes, node: asked, labels, transport, digest });
  const fields = {
    template: words,
    cpus: String(cpus),
    memory: exactSize(memoryBytes),
    disk: exactSize(diskBytes),
  };
  const what = Object.entries(fields).map(([field, to]): Difference => ({ field, to, needs: "nothing" }));
  return { node, what };
}
