import { describePlan } from "../../nodes/describe-plan.ts";
import { formatSize } from "../../size.ts";
import { decideDelete, deleteTemplate } from "../../templates/delete.ts";
import { shortDigest } from "../../templates/versions.ts";
import { changes, defineCommand, destroys } from "../define-command.ts";
import { tellFailures } from "../node-warnings.ts";
import { removalJson, renderRemovalPlans, renderRemovals, sumOfBytes } from "./removal-view.ts";

export const command = defineCommand({
  examples: ["waifuctl template delete debian-12@a1b2c3d4", "waifuctl template delete mine --yes"],
  args: {
    template: { type: "positional", description: "NAME with all its versions, NAME@VERSION, or a digest" },
    ...changes,
    ...destroys,
  },
  async run({ template, dryRun }, { deps, reporter, signal, confirm, print }) {
    const cluster = await deps();
    const deletion = await decideDelete(cluster, template, signal);
    const { removals } = deletion;
    const versions = deletion.versions.map(({ name, digest }) => ({ name, digest }));
    const words = versions.map(({ name, digest }) => `${name}@${shortDigest(digest)}`).join(", ");
    if (dryRun) {
      return print({ versions, plans: removals.map(({ plan }) => describePlan(plan)) }, () =>
        [`Would forget ${words}\n`, renderRemovalPlans(removals)].filter(Boolean).join("\n"),
      );
    }
    reporter.note(renderRemovals(removals).trimEnd() || "Nothing goes from any node.");
    await confirm(`Delete ${words}, freeing ${formatSize(sumOfBytes(removals))}?`);
    const { answers, failures } = await deleteTemplate(cluster, deletion, { reporter, signal });
    print({ versions, removed: answers.map(removalJson) }, () =>
      failures.length > 0 ? renderRemovals(answers) : `${words} is gone\n`,
    );
    return tellFailures(failures, reporter);
  },
});
