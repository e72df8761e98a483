import { isWork } from "../apply/change.ts";
import { decideApply } from "../apply/decide-apply.ts";
import { runApply } from "../apply/run-apply.ts";
import { changeJson, count, outcomeJson, refuseIncomplete, renderChanges } from "./apply-view.ts";
import { waitTimeout } from "./argument-values.ts";
import { changes, defineCommand, destroys } from "./define-command.ts";
import { tellFailures, warnOfNodes } from "./node-warnings.ts";
import { takeUserData } from "./user-data-file.ts";

/** Shared with `diff`, which shows what this would do. */
export const described = {
  file: {
    type: "string",
    alias: "f",
    required: true,
    valueHint: "PATH",
    description: "A TOML file of descriptions, a folder of them, or - for standard input",
  },
  prune: { type: "boolean", description: "Delete what belongs to the same set and is described no more" },
  replace: { type: "boolean", description: "Make anew, with a fresh disk, what can't be changed" },
} as const;

export const command = defineCommand({
  examples: ["waifuctl apply -f homelab.toml --dry-run", "waifuctl apply -f homelab/ --prune --yes"],
  args: { ...described, timeout: waitTimeout, ...changes, ...destroys },
  async run({ file, prune, replace, timeout, dryRun, json, quiet, yes }, context) {
    const { deps, reporter, signal, terminal, print, confirm } = context;
    const cluster = await deps();
    const { changes: planned, failures } = await decideApply(cluster, file, { prune, replace }, signal);
    const isIncomplete = warnOfNodes(failures, reporter);
    const work = planned.filter(isWork);
    if (dryRun || work.length === 0 || planned.some(({ action }) => action === "refuse")) {
      print({ changes: planned.map(changeJson) }, () => renderChanges(planned, terminal.stdout));
      refuseIncomplete(planned);
      return isIncomplete;
    }
    // What the question is about; nobody is asked who wants neither.
    if (!json && !(quiet && yes)) terminal.stderr.write(renderChanges(planned, terminal.stderr));
    await confirm(`Do this: ${count(work)}?`);
    const usualUserData = await takeUserData(cluster.config.defaults.userDataFile, context);
    const options = { usualUserData, timeoutMs: timeout * 1000 };
    const outcomes = await runApply(cluster, work, options, { reporter, signal });
    const failed = outcomes.flatMap(({ change, error }) => (error ? [{ name: change.name, error }] : []));
    print({ changes: outcomes.map(outcomeJson) }, () => {
      const names = failed.map(({ name }) => name).join(", ");
      return `${outcomes.length - failed.length} of ${outcomes.length} done${names && `; not done: ${names}`}\n`;
    });
    return tellFailures(failed, reporter) || isIncomplete;
  },
});
