import { nodeNamed } from "../../nodes/cluster.ts";
import { describePlan } from "../../nodes/describe-plan.ts";
import { formatSize } from "../../size.ts";
import { decidePrune, prune } from "../../templates/prune.ts";
import type { Removal } from "../../templates/removal.ts";
import { shortDigest } from "../../templates/versions.ts";
import { changes, defineCommand, destroys } from "../define-command.ts";
import { tellFailures, warnOfNodes } from "../node-warnings.ts";
import { removalJson, renderRemovals, sumOfBytes } from "./removal-view.ts";

export const command = defineCommand({
  examples: ["waifuctl template prune --dry-run", "waifuctl template prune --node alpha --yes"],
  args: {
    node: { type: "string", alias: "n", valueHint: "NODE", repeatable: true, description: "Only there" },
    ...changes,
    ...destroys,
  },
  async run({ node, dryRun }, { deps, reporter, signal, confirm, print }) {
    const cluster = await deps();
    const nodes = node.length === 0 ? cluster.config.nodes : node.map((name) => nodeNamed(cluster, name));
    const pruning = await decidePrune(cluster, nodes, signal);
    const { removals, forgotten } = pruning;
    const status = warnOfNodes(pruning.failures, reporter);
    const forgets = forgotten.map(({ name, digest }) => ({ name, digest }));
    if (dryRun) {
      const plans = removals.map(({ plan }) => describePlan(plan));
      const answer = { removals: removals.map(removalJson), forgets, bytes: sumOfBytes(removals), plans };
      print(answer, () => renderFreed("Would free", removals, forgets));
      return status;
    }
    if (removals.length > 0) {
      reporter.note(renderRemovals(removals).trimEnd());
      await confirm(`Remove all that, freeing ${formatSize(sumOfBytes(removals))}?`);
    }
    const { answers, failures } = await prune(cluster, pruning, { reporter, signal });
    print({ removed: answers.map(removalJson), forgotten: forgets, bytes: sumOfBytes(answers) }, () =>
      renderFreed("Freed", answers, forgets),
    );
    return tellFailures(failures, reporter) || status;
  },
});

function renderFreed(
  verb: string,
  removals: readonly Removal[],
  forgotten: readonly { readonly name: string; readonly digest: string }[],
): string {
  if (removals.length === 0 && forgotten.length === 0) return "Nothing to prune.\n";
  const nodes = [...new Set(removals.map(({ node }) => node.name))].map((name) => {
    const there = removals.filter(({ node }) => node.name === name);
    return `${verb} ${formatSize(sumOfBytes(there))} on ${name}\n`;
  });
  const total = nodes.length > 1 ? [`${verb} ${formatSize(sumOfBytes(removals))} in all\n`] : [];
  const words = forgotten.map(({ name, digest }) => `${name}@${shortDigest(digest)}`);
  const gone = words.length > 0 ? [`No longer known: ${words.join(", ")}\n`] : [];
  return [renderRemovals(removals), ...nodes, ...total, ...gone].join("");
}
