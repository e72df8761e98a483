import { nodeTable, type Table } from "../waifuctl.ts";
import type { Machine } from "./gate.ts";
import { openStage, type Stage, type StageOptions } from "./stage.ts";
import { carryOut, type Rehearsal, rehearse, type Trial, type Verdict } from "./trial.ts";
import { nodeName, type Verb } from "./verbs.ts";

type Tried<Node extends Machine> = { readonly trial: Trial<Node>; readonly verdict: Verdict };

/** Several stages that share the trials between them. */
export type Campaign<Node extends Machine> = {
  rehearse(verbs: readonly Verb[]): Promise<Rehearsal[]>;
  run(trials: readonly Trial<Node>[], onEnd?: (tried: Tried<Node>) => void): Promise<Tried<Node>[]>;
  end(): Promise<void>;
};

export async function openCampaign<Node extends Machine & Parameters<typeof nodeTable>[0]>(
  nodes: readonly Node[],
  options: StageOptions & { readonly table?: Table },
): Promise<Campaign<Node>> {
  const stages = await Promise.all(
    nodes.map((node) => openStage(node, nodeTable(node, { name: nodeName, ...options.table }), options)),
  );
  return {
    rehearse: (verbs) => share(stages, verbs, rehearse),
    run: (trials, onEnd) =>
      share(stages, trials, async (stage, trial) => {
        const tried = { trial, verdict: await carryOut(stage, trial) };
        onEnd?.(tried);
        return tried;
      }),
    end: async () => void (await Promise.all(stages.map((stage) => stage.leave()))),
  };
}

/** Each stage takes the next as soon as it is free; the results come in the order of the items. */
async function share<Node extends Machine, Item, Result>(
  stages: readonly Stage<Node>[],
  items: readonly Item[],
  work: (stage: Stage<Node>, item: Item) => Promise<Result>,
): Promise<Result[]> {
  const queue = items.entries();
  const results: [number, Result][] = [];
  await Promise.all(
    stages.map(async (stage) => {
      for (const [index, item] of queue) results.push([index, await work(stage, item)]);
    }),
  );
  return results.sort(([a], [b]) => a - b).map(([, result]) => result);
}
