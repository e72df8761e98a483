import type { Plan } from "../nodes/plan.ts";
import type { Found } from "./finding.ts";
import type { NodeView } from "./scene.ts";

/** The journal and the audit tell of a repair by what it was to mend. */
export function planOf(found: Found, { probe }: NodeView, stages: Plan["stages"]): Plan {
  return {
    verb: `reconcile ${found.kind}`,
    instance: found.instance ?? found.node,
    uuid: found.uuid ?? found.node,
    node: probe.node,
    stages: stages.filter((steps) => steps.length > 0),
  };
}
