import type { NodeConfig } from "../config/cluster-config.ts";
import { toWaifuError, type WaifuError } from "../errors.ts";

/** Connections that are opened at once; each costs some 10 ms of key exchange here. */
const CONCURRENCY = 16;

export type NodeFailure = { readonly node: NodeConfig; readonly error: WaifuError };

/** What was last seen on the nodes that don't answer. */
export function lastSeenOn<T extends { readonly node: string }>(
  failures: readonly NodeFailure[],
  seen: readonly T[],
): T[] {
  const down = new Set(failures.map(({ node }) => node.name));
  return seen.filter(({ node }) => down.has(node));
}

export type FanOut<T> = { readonly answers: readonly T[]; readonly failures: readonly NodeFailure[] };

/** Works on every node at once and waits for all: a bad node never hides the others. Answers keep the nodes' order. */
export async function onEveryNode<T>(
  nodes: readonly NodeConfig[],
  work: (node: NodeConfig) => Promise<T>,
): Promise<FanOut<T>> {
  const outcomes: ({ answer: T } | NodeFailure)[] = new Array(nodes.length);
  const queue = nodes.entries();
  const worker = async () => {
    for (const [index, node] of queue) {
      try {
        outcomes[index] = { answer: await work(node) };
      } catch (error) {
        outcomes[index] = { node, error: toWaifuError(error) };
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(CONCURRENCY, nodes.length) }, worker));
  return {
    answers: outcomes.flatMap((outcome) => ("answer" in outcome ? [outcome.answer] : [])),
    failures: outcomes.flatMap((outcome) => ("error" in outcome ? [outcome] : [])),
  };
}
