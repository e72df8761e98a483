import { type Description, type Descriptions, ownerLabel } from "../config/description.ts";
import { toWaifuError, WaifuError } from "../errors.ts";
import { reviewUserData } from "../metadata/user-data-review.ts";
import { resolveTemplate } from "../templates/resolve.ts";
import { isVersionOf } from "../templates/versions.ts";
import type { Change } from "./change.ts";
import { type Difference, differences } from "./differences.ts";
import { type Planner as CreationPlanner, planCreation, planReplacement } from "./plan-creation.ts";
import { roomsOf } from "./rooms.ts";
import type { Actual, Sight } from "./sight.ts";

export type ApplyOptions = {
  /** Instances that belong to a set and are described no more are deleted. */
  readonly prune: boolean;
  /** Instances that can't be changed are made anew. */
  readonly replace: boolean;
};

type Planner = CreationPlanner & { readonly mayReplace: boolean };

/**
 * Descriptions against what there is: in their order what becomes of each, then what is pruned. Creations are spread over the room that all
 * that goes before leaves. What can't be done is a `refuse`, so that all of it is told at once.
 */
export function planApply(
  cluster: Planner["cluster"],
  { instances, sets }: Descriptions,
  sight: Sight,
  options: ApplyOptions,
): Change[] {
  const described = new Set(instances.map(({ name }) => name));
  const isPruned = ({ spec: { name, labels } }: Actual) =>
    !described.has(name) && sets.includes(labels[ownerLabel] ?? "");
  const pruned = options.prune ? sight.actual.filter(isPruned) : [];
  const rooms = roomsOf(sight);
  for (const actual of pruned) rooms.leave(actual);
  const planner = { cluster, sight, rooms, mayReplace: options.replace };
  return [
    ...instances.map((description) => planOne(planner, description)),
    ...pruned.map((actual): Change => ({ name: actual.spec.name, what: [], action: "delete", actual })),
  ];
}

function planOne(planner: Planner, description: Description): Change {
  const { name } = description;
  const found = planner.sight.actual.filter(({ spec }) => spec.name === name);
  const [actual] = found;
  let what: readonly Difference[] = [];
  try {
    if (found.length > 1) throw severalOf(name, found);
    if (actual === undefined) return planCreation(planner, description);
    const isSameTemplate = isTemplate(planner, actual, description.template);
    what = differences({ ...description, isSameTemplate }, actual);
    return planChange(planner, description, actual, what);
  } catch (error) {
    const refusal = toWaifuError(error);
    if (refusal.code === "bug") throw error;
    return { name, what, action: "refuse", refusal, actual };
  }
}

function planChange(
  planner: Planner,
  description: Description,
  actual: Actual,
  what: readonly Difference[],
): Change {
  const { name, userData } = description;
  const { node, spec } = actual;
  if (what.length === 0) return { name, what, action: "none", actual };
  if (userData !== undefined && what.some(({ field }) => field === "user_data"))
    reviewUserData(userData.text, userData.path);
  const mustGo = what.filter(({ needs }) => needs === "replacement");
  if (mustGo.length > 0) {
    if (!planner.mayReplace) throw needsReplacement(actual, mustGo);
    return planReplacement(planner, description, actual, what);
  }
  const { cpus = spec.cpus, memoryBytes = spec.memoryBytes } = description;
  if (cpus > spec.cpus || memoryBytes > spec.memoryBytes) {
    planner.rooms.leave(actual);
    const load = { cpus, memoryBytes, diskBytes: spec.diskBytes };
    planner.rooms.take(name, { ...load, node: node.name, labels: {} });
  }
  const action = what.some(({ needs }) => needs === "restart") ? "restart" : "change";
  return { name, what, action, description, actual };
}

/** By its words, or because another name leads to the same bytes. */
function isTemplate({ cluster, sight }: Planner, { spec }: Actual, wanted = spec.template.name): boolean {
  if (isVersionOf(spec.template, wanted)) return true;
  return resolveTemplate(cluster, wanted, sight.probes).digest === spec.template.digest;
}

function needsReplacement({ node, spec: { name } }: Actual, mustGo: readonly Difference[]): WaifuError {
  const fields = mustGo.map(({ field }) => field).join(" and ");
  return new WaifuError("refused", `${name} can't change its ${fields}: it would have to be made anew`, {
    node: node.name,
    instance: name,
    hint: `--replace does so, and all that is on its disk is lost; or describe it as it is: waifuctl export ${name}`,
  });
}

function severalOf(name: string, found: readonly Actual[]): WaifuError {
  const nodes = found.map(({ node }) => node.name).join(" and on ");
  return new WaifuError("refused", `${name} is on ${nodes}: which of them is described?`, {
    instance: name,
    hint: "waifuctl reconcile says what can be done.",
  });
}
