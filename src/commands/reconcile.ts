import { exitStatusOf } from "../errors.ts";
import { nodeNamed } from "../nodes/cluster.ts";
import type { Outcome } from "../reconcile/outcome.ts";
import { reconcile } from "../reconcile/reconcile.ts";
import { writeReport } from "../reconcile/report.ts";
import { quieten } from "../terminal/terminal-reporter.ts";
import { parseWholeNumber } from "./argument-values.ts";
import { changes, defineCommand } from "./define-command.ts";
import { renderOutcomes, renderSummary } from "./reconcile-view.ts";

export const command = defineCommand({
  examples: [
    "waifuctl reconcile --dry-run",
    "waifuctl reconcile --quiet --report /var/lib/node_exporter/waifu.prom",
  ],
  mends: true,
  args: {
    node: { type: "string", alias: "n", valueHint: "NODE", repeatable: true, description: "Only there" },
    force: { type: "boolean", alias: "f", description: "Mend also what somebody may have wanted as it is" },
    timeout: {
      type: "string",
      valueHint: "SECONDS",
      default: "240",
      parse: parseWholeNumber({ min: 1, max: 86_400 }),
      description: "Leave for the next run what was not begun by then",
    },
    report: {
      type: "string",
      valueHint: "FILE",
      description: "Write figures there, for Prometheus' textfile collector",
    },
    ...changes,
  },
  async run({ node, force, timeout, report, dryRun, quiet, verbose }, context) {
    const { deps, reporter, terminal, signal, print } = context;
    const cluster = await deps();
    const nodes = node.length === 0 ? cluster.config.nodes : node.map((name) => nodeNamed(cluster, name));
    const options = { nodes, isForced: force, isDryRun: dryRun, timeoutMs: timeout * 1000 };
    const isTold = terminal.stdout.isTTY || verbose;
    const startedAt = performance.now();
    const watch = { reporter: isTold ? reporter : quieten(reporter), signal };
    const result = await reconcile(cluster, options, watch);
    const { outcomes, reached, unreached } = result;
    if (report !== undefined && !dryRun) {
      const seconds = (performance.now() - startedAt) / 1000;
      await writeReport(report, { ...result, endedAt: cluster.now(), seconds });
    }
    const isLeft = outcomes.some(({ outcome }) => outcome !== "done");
    print({ findings: outcomes, reached, unreached, dryRun }, () => {
      if (outcomes.length === 0) return isTold && !quiet ? `All is well on ${reached.join(", ")}.\n` : "";
      if (quiet && !isLeft) return "";
      const details = isTold || dryRun ? renderOutcomes(outcomes) : "";
      return `${details}${renderSummary(outcomes)}`;
    });
    return statusOf(outcomes);
  },
});

function statusOf(outcomes: readonly Outcome[]): number {
  if (outcomes.some(({ outcome }) => outcome === "failed")) return exitStatusOf("half-changed");
  return outcomes.some(({ outcome }) => outcome === "left") ? exitStatusOf("findings") : 0;
}
