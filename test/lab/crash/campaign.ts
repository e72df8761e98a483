import type { LabNode } from "../node.ts";
import { nodeTable } from "../waifuctl.ts";
import { openStage, type Stage } from "./stage.ts";
import { carryOut, type Rehearsal, rehearse, type Trial, type Verdict } from "./trial.ts";
import { nodeName, type Verb } from "./verbs.ts";

export type Totals = Readonly<Record<"steps" | "kills" | "others" | "leaks" | "lost" | "missed", number>>;

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
  const kills = verdicts.filter(({ trial, end }) => trial.blow === "kill" && end !== "not reached").length;
  const missed = count("not reached");
  return {
    steps: steps.size,
    kills,
    others: verdicts.length - kills - missed,
    leaks: count("leak", "not mended"),
    lost: count("lost"),
    missed,
  };
}

export function renderTotals({ steps, kills, others, leaks, lost, missed }: Totals): string {
  const words = [`${steps} steps`, `${kills} kills`, `${leaks} leaks`, `${lost} lost`];
  if (others > 0) words.splice(2, 0, `${others} other blows`);
  if (missed > 0) words.push(`${missed} not reached`);
  return words.join(", ");
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
