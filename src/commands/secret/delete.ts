import { findBearers } from "../../instances/bearers.ts";
import { decideRemoval, deleteSecret, planChange } from "../../secrets/change.ts";
import { changes, defineCommand, destroys } from "../define-command.ts";
import { tellFailures } from "../node-warnings.ts";
import { renderChange, toJson } from "./change-view.ts";
import { readTarget, renderTarget, target } from "./target.ts";

export const command = defineCommand({
  examples: [
    "waifuctl secret delete web-1 db-password",
    "waifuctl secret delete --label role=web tls.key --yes",
  ],
  args: { ...target, ...changes, ...destroys },
  async run(flags, { deps, reporter, signal, confirm, print }) {
    const { request, key } = readTarget(flags);
    const cluster = await deps();
    const bearers = await findBearers(cluster, request, signal);
    const removal = decideRemoval(cluster, { scope: bearers.scope, key });
    if (!removal.isKept) reporter.warn(`${key} of ${renderTarget(request)} was not set from here`);
    if (!flags.dryRun) await confirm(`Delete the secret ${key} of ${renderTarget(request)}?`);
    const outcome = flags.dryRun
      ? await planChange(cluster, removal, bearers, signal)
      : await deleteSecret(cluster, removal, bearers, { reporter, signal });
    const change = { key, request, plans: outcome.plans, isDry: flags.dryRun };
    const otherwise = `${key} of ${renderTarget(request)} is gone\n`;
    print(toJson(change), () => renderChange(change, "has no longer", otherwise));
    return tellFailures(outcome.failures, reporter);
  },
});
