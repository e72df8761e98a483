import { readFile, rename, writeFile } from "node:fs/promises";
import type { Reconciliation } from "./reconcile.ts";

const lastSuccess = "waifu_reconcile_last_success_timestamp_seconds";

/** Success is that nothing is left to do. */
export type Run = Reconciliation & { readonly endedAt: Date; readonly seconds: number };

/** For the textfile collector of Prometheus' node_exporter: replaced in one rename. The last success outlives runs that had none. */
export async function writeReport(path: string, run: Run): Promise<void> {
  const before = await readFile(path, "utf8").catch(() => "");
  const draft = `${path}.${process.pid}`;
  await writeFile(draft, renderReport(run, before), { mode: 0o644 });
  await rename(draft, path);
}

/** https://prometheus.io/docs/instrumenting/exposition_formats/ */
export function renderReport(
  { outcomes, reached, unreached, endedAt, seconds }: Run,
  before: string,
): string {
  const counts = Map.groupBy(outcomes, ({ kind, outcome }) => `kind="${kind}",outcome="${outcome}"`);
  const isWell = outcomes.every(({ outcome }) => outcome === "done");
  const now = Math.floor(endedAt.getTime() / 1000);
  const success = isWell ? now : new RegExp(`^${lastSuccess} (\\d+)$`, "m").exec(before)?.[1];
  return [
    "# TYPE waifu_reconcile_findings gauge",
    ...[...counts].map(([labels, { length }]) => `waifu_reconcile_findings{${labels}} ${length}`),
    "# TYPE waifu_reconcile_nodes gauge",
    `waifu_reconcile_nodes{state="reached"} ${reached.length}`,
    `waifu_reconcile_nodes{state="unreached"} ${unreached.length}`,
    "# TYPE waifu_reconcile_duration_seconds gauge",
    `waifu_reconcile_duration_seconds ${seconds.toFixed(3)}`,
    "# TYPE waifu_reconcile_last_run_timestamp_seconds gauge",
    `waifu_reconcile_last_run_timestamp_seconds ${now}`,
    ...(success === undefined ? [] : [`# TYPE ${lastSuccess} gauge`, `${lastSuccess} ${success}`]),
    "",
  ].join("\n");
}
