import type { BearerRequest } from "../../instances/bearers.ts";
import { describePlan, renderPlan } from "../../nodes/describe-plan.ts";
import type { Plan } from "../../nodes/plan.ts";

export type ShownChange = {
  readonly key: string;
  readonly request: BearerRequest;
  /** A guest each. */
  readonly plans: readonly Plan[];
  readonly isDry: boolean;
};

export function toJson({ key, request, plans, isDry }: ShownChange) {
  const guests = isDry
    ? { plans: plans.map(describePlan) }
    : { instances: plans.map(({ instance }) => instance) };
  return { key, ...request, ...guests };
}

/** `web-1 has db-password`, a line for each guest; `otherwise` where none is concerned. */
export function renderChange({ key, plans, isDry }: ShownChange, verb: string, otherwise: string): string {
  if (isDry)
    return plans.map((plan) => renderPlan(describePlan(plan))).join("\n") || "Nothing to run on any node.\n";
  return plans.map(({ instance }) => `${instance} ${verb} ${key}\n`).join("") || otherwise;
}
