import type { Outcome } from "../reconcile/outcome.ts";

/** One line for a log: how many there were, and what became of them. */
export function renderSummary(outcomes: readonly Outcome[]): string {
  const count = (outcome: Outcome["outcome"]) => outcomes.filter((one) => one.outcome === outcome).length;
  const parts = (["done", "left", "failed"] as const).flatMap((outcome) =>
    count(outcome) === 0 ? [] : [`${count(outcome)} ${outcome}`],
  );
  const nodes = [...new Set(outcomes.map(({ node }) => node))].filter(Boolean);
  const where = nodes.length === 0 ? "" : ` (${nodes.join(", ")})`;
  return `reconcile: ${outcomes.length} ${outcomes.length === 1 ? "finding" : "findings"}: ${parts.join(", ")}${where}\n`;
}

export function renderOutcomes(outcomes: readonly Outcome[]): string {
  return outcomes.map(renderOutcome).join("");
}

function renderOutcome({ outcome, message, reason, risk, hint, error, commands = [] }: Outcome): string {
  const words = {
    done: "done  ",
    failed: "FAILED",
    left: { safe: "left  ", force: "force ", person: "person" }[risk],
  };
  const more = [
    ...(error === undefined ? [] : [error]),
    ...(outcome === "done" || hint === undefined ? [] : [hint]),
    ...commands,
  ];
  return [`${words[outcome]}  ${message}: ${reason}\n`, ...more.map((line) => `        ${line}\n`)].join("");
}
