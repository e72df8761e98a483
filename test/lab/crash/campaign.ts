import type { LabNode } from "../node.ts";
import { nodeTable } from "../waifuctl.ts";
import { openStage, type Stage } from "./stage.ts";
import { carryOut, type Rehearsal, rehearse, type Trial, type Verdict } from "./trial.ts";
import { nodeName, type Verb } from "./verbs.ts";

export type Totals = Readonly<Record<"steps" | "blows" | "leaks" | "lost" | "other", number>>;

/** Several stages that share the trials between them. */
export type Campaign = {
  rehearse(verbs: readonly Verb[]): Promise<Rehearsal[]>;
  run(trials: readonly Trial[], onVerdict?: (verdict: Verdict) => void): Promise<Verdict[]>;
  end(): Promise<void>;
};

export async function openCampaign(nodes: readonly LabNode[]): Promise<Campaign> {
  const stages = await Promise.all(nodes.map((node) => openStage(node, nodeTable(node, { name: nodeName }))));
  return {
    rehearse: (verbs) => share(stages, verbs, rehearse),
    run: (trials, onVerdict) =>
      share(stages, trials, async (stage, trial) => {
        const verdict = await carryOut(stage, trial);
        onVerdict?.(verdict);
        return verdict;
      }),
    end: async () => void (await Promise.all(stages.map((stage) => stage.leave()))),
  };
}

export function totalsOf(verdicts: readonly Verdict[]): Totals {
  const count = (...ends: readonly Verdict["end"][]) =>
    verdicts.filter(({ end }) => ends.includes(end)).length;
  const steps = new Set(
    verdicts.map(({ trial: { verb, call } }) => `${verb.title} ${call.nth} ${call.line}`),
  );
  return {
    steps: steps.size,
    blows: verdicts.length - count("not reached"),
    leaks: count("leak"),
    lost: count("lost"),
    other: count("not mended", "not reached"),
  };
}

export function renderTotals({ steps, blows, leaks, lost, other }: Totals): string {
  return `${steps} steps, ${blows} blows, ${leaks} leaks, ${lost} lost${other > 0 ? `, ${other} not mended or not reached` : ""}`;
}

export function renderVerdict({ trial: { blow, verb, call, when }, end, told }: Verdict): string {
  return `${blow}, ${verb.title}, ${when} ${call.line} (${call.nth}): ${end}${told === undefined ? "" : `\n${told}`}`;
}

/** Each stage takes the next as soon as it is free; the results come in the order of the items. */
async function share<Item, Result>(
  stages: readonly Stage<LabNode>[],
  items: readonly Item[],
  work: (stage: Stage<LabNode>, item: Item) => Promise<Result>,
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
