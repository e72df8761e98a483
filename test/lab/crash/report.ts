import type { Call, When } from "./gate.ts";
import { isGood, type Verdict } from "./trial.ts";

/** A trial and how it ended, as far as a reader wants to know. */
export type Tried = {
  readonly trial: {
    readonly blow: { readonly name: string };
    readonly verb: { readonly title: string };
    readonly call: Call;
    readonly when: When;
  };
  readonly verdict: Verdict;
};

type Totals = Readonly<
  Record<"steps" | "kills" | "others" | "leaks" | "lost" | "missed" | "advised", number>
>;

export function totalsOf(all: readonly Tried[]): Totals {
  const count = (...ends: readonly Verdict["end"][]) =>
    all.filter(({ verdict }) => ends.includes(verdict.end)).length;
  const steps = new Set(all.map(({ trial: { verb, call } }) => `${verb.title} ${call.nth} ${call.line}`));
  const missed = count("not reached");
  const kills = all.filter(
    ({ trial, verdict }) => trial.blow.name === "kill" && verdict.end !== "not reached",
  );
  return {
    steps: steps.size,
    kills: kills.length,
    others: all.length - kills.length - missed,
    leaks: count("leak", "not mended"),
    lost: count("lost"),
    missed,
    advised: all.filter(({ verdict }) => verdict.isAdvised && isGood(verdict)).length,
  };
}

export function renderTotals(all: readonly Tried[]): string {
  const { steps, kills, others, leaks, lost, missed, advised } = totalsOf(all);
  const words = [`${steps} steps`, `${kills} kills`, `${leaks} leaks`, `${lost} lost`];
  if (others > 0) words.splice(2, 0, `${others} other blows`);
  if (advised > 0) words.push(`${advised} as a person was told to`);
  if (missed > 0) words.push(`${missed} not reached`);
  return words.join(", ");
}

export const renderTrial = ({ blow, verb, call, when }: Tried["trial"]): string =>
  `${blow.name}, ${verb.title}, ${when} ${call.line} (${call.nth})`;

export function renderTried({ trial, verdict: { end, isAdvised, told } }: Tried): string {
  const how = isAdvised ? `${end}, as a person was told to` : end;
  return `${renderTrial(trial)}: ${how}${told === undefined ? "" : `\n${told}`}`;
}
