import { WaifuError } from "../errors.ts";
import type { Cluster } from "../nodes/cluster.ts";
import type { EndedOrOpenOperation } from "../state/journal.ts";
import { fateOf } from "../state/living-process.ts";

/** An operation and what a person wants to know of it first. */
export type ListedOperation = EndedOrOpenOperation & {
  /** `elsewhere`: begun on another machine, which alone can say whether it goes on. */
  readonly condition: "done" | "undone" | "failed" | "under way" | "elsewhere" | "cut off";
};

const conditions = { alive: "under way", dead: "cut off", elsewhere: "elsewhere" } as const;

/** The last ones and all that have no end, in the order in which they began. */
export function listOperations({ state }: Pick<Cluster, "state">, limit: number): ListedOperation[] {
  return state.journal.recent({ limit }).map(withCondition);
}

/** One that may be finished or undone. Throws `not-found`, `refused` when it has ended, `locked` while its process lives. */
export function cutOffOperation({ state }: Pick<Cluster, "state">, id: string): ListedOperation {
  const found = state.journal.find(id);
  if (found === undefined) {
    throw new WaifuError("not-found", `there is no operation ${id}`, { hint: "See waifuctl ops list." });
  }
  const operation = withCondition(found);
  const { verb, instance, node, condition, operator, host, pid } = operation;
  const what = `${verb} ${instance} on ${node}`;
  if (condition === "under way") {
    throw new WaifuError("locked", `${what} is under way: ${operator} runs it as process ${pid} of ${host}`, {
      node,
      instance,
      hint: "Wait for its end.",
    });
  }
  if (condition === "cut off" || condition === "elsewhere") return operation;
  throw new WaifuError("refused", `${what} has ended: it is ${condition}`, { node, instance });
}

function withCondition(operation: EndedOrOpenOperation): ListedOperation {
  const { outcome } = operation;
  return { ...operation, condition: outcome === "running" ? conditions[fateOf(operation)] : outcome };
}
