import { type Column, renderTable } from "../../src/terminal/table.ts";
import { type Comparison, percentile, type Timing } from "./timing.ts";

type Figures = { readonly p50: number; readonly p95: number };

type Side = Figures & { readonly phases: Readonly<Record<string, Figures>> };

export type Verdict = Pick<Comparison, "what" | "against" | "limit" | "load"> & {
  readonly rounds: number;
  readonly ours: Side;
  readonly reference: Side;
  /** Of the medians. */
  readonly ratio: number;
  readonly isMet: boolean;
};

export function judge({ ours, reference, ...comparison }: Comparison): Verdict {
  const [mine, theirs] = [sideOf(ours), sideOf(reference)];
  const ratio = mine.p50 / theirs.p50;
  return {
    ...comparison,
    rounds: ours.length,
    ours: mine,
    reference: theirs,
    ratio,
    isMet: comparison.limit === undefined || ratio <= comparison.limit,
  };
}

/** Bytes that were moved, once. */
export type Tally = {
  readonly what: string;
  readonly against: string;
  readonly limit: number;
  readonly oursBytes: number;
  readonly referenceBytes: number;
};

export type JudgedTally = Tally & { readonly ratio: number; readonly isMet: boolean };

export function judgeTally(tally: Tally): JudgedTally {
  const ratio = tally.oursBytes / tally.referenceBytes;
  return { ...tally, ratio, isMet: ratio <= tally.limit };
}

/** The ratios, then where the time of those with phases goes. */
export function renderVerdicts(verdicts: readonly Verdict[], tallies: readonly JudgedTally[]): string {
  const phases = verdicts.flatMap(({ what, against, ours, reference }, index) => [
    // Once, however often it is compared.
    ...(verdicts[index - 1]?.what === what ? [] : phaseRows(what, "waifuctl", ours)),
    ...phaseRows(what, against, reference),
  ]);
  const tables: string[] = [];
  if (verdicts.length > 0) tables.push(renderTable(verdictColumns, verdicts, plain));
  if (tallies.length > 0) tables.push(renderTable(tallyColumns, tallies, plain));
  if (phases.length > 0) tables.push(renderTable(phaseColumns, phases, plain));
  return tables.join("\n");
}

function sideOf(timings: readonly Timing[]): Side {
  const names = [...new Set(timings.flatMap(({ phases }) => Object.keys(phases)))];
  const phases = names.map((name) => [
    name,
    figuresOf(timings.flatMap((timing) => timing.phases[name] ?? [])),
  ]);
  return { ...figuresOf(timings.map((timing) => timing.totalMs)), phases: Object.fromEntries(phases) };
}

function figuresOf(values: readonly number[]): Figures {
  return { p50: percentile(values, 0.5), p95: percentile(values, 0.95) };
}

const plain = { columns: undefined, hasColor: false };
const ms = (value: number) => value.toFixed(value < 100 ? 1 : 0);
const both = ({ p50, p95 }: Figures) => `${ms(p50)} / ${ms(p95)}`;

const verdictColumns: Column<Verdict>[] = [
  { title: "what", cell: ({ what }) => what },
  { title: "against", cell: ({ against }) => against },
  { title: "rounds", cell: ({ rounds }) => String(rounds), align: "right" },
  { title: "ours P50 / P95 ms", cell: ({ ours }) => both(ours), align: "right" },
  { title: "reference P50 / P95 ms", cell: ({ reference }) => both(reference), align: "right" },
  { title: "ratio", cell: ({ ratio }) => ratio.toFixed(2), align: "right" },
  { title: "limit", cell: ({ limit }) => limit?.toFixed(2) ?? "-", align: "right" },
  { title: "load", cell: ({ load }) => load.toFixed(1), align: "right" },
  { title: "", cell: ({ limit, isMet }) => (limit === undefined ? "not judged" : isMet ? "ok" : "NOT MET") },
];

const tallyColumns: Column<JudgedTally>[] = [
  { title: "what", cell: ({ what }) => what },
  { title: "against", cell: ({ against }) => against },
  { title: "ours bytes", cell: ({ oursBytes }) => String(oursBytes), align: "right" },
  { title: "reference bytes", cell: ({ referenceBytes }) => String(referenceBytes), align: "right" },
  { title: "ratio", cell: ({ ratio }) => ratio.toFixed(4), align: "right" },
  { title: "limit", cell: ({ limit }) => limit.toFixed(2), align: "right" },
  { title: "", cell: ({ isMet }) => (isMet ? "ok" : "NOT MET") },
];

type PhaseRow = {
  readonly what: string;
  readonly way: string;
  readonly phase: string;
  readonly figures: Figures;
};

const phaseColumns: Column<PhaseRow>[] = [
  { title: "what", cell: ({ what }) => what },
  { title: "way", cell: ({ way }) => way },
  { title: "phase", cell: ({ phase }) => phase },
  { title: "P50 / P95 ms", cell: ({ figures }) => both(figures), align: "right" },
];

function phaseRows(what: string, way: string, { phases }: Side): PhaseRow[] {
  return Object.entries(phases).map(([phase, figures]) => ({ what, way, phase, figures }));
}
