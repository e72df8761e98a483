import { decideRecovery } from "../recovery/decide.ts";
import type { Found } from "./finding.ts";
import type { View } from "./scene.ts";

const dayMs = 24 * 3_600_000;

/** Operations without an end. One of a living process is nobody's business but its own. */
export function operationFindings(view: View): Found[] {
  return view.memories.operations.flatMap((operation): Found[] => {
    const { id, verb, instance, uuid, node, stages, stage, startedAt, host, fate } = operation;
    const found = { node, instance, uuid } as const;
    if (fate === "dead") {
      const { risk, reason, hint, ...recovery } = decideRecovery(operation);
      const kind = "operation-interrupted";
      const message = `${verb} ${instance} on ${node} was cut off at "${stages[stage - 1] ?? "its first step"}"`;
      const isSeen = view.nodes.some(({ probe }) => probe.node.name === node);
      if (!isSeen) return [{ ...found, kind, message, risk, reason: `${node} was not seen`, hint }];
      const repair = { by: "recovery", recovery: { risk, reason, hint, ...recovery } } as const;
      return [
        { ...found, kind, message, risk, reason, hint, repair: risk === "person" ? undefined : repair },
      ];
    }
    if (fate === "alive" || view.now.getTime() - Date.parse(startedAt) < dayMs) return [];
    return [
      {
        ...found,
        kind: "operation-elsewhere",
        risk: "person",
        message: `${verb} ${instance} on ${node} was begun at ${startedAt} on ${host}, and has not ended`,
        reason: `only ${host} can say whether it is still at work`,
        hint: `If it is not: waifuctl ops undo ${id.slice(0, 8)}`,
      },
    ];
  });
}
