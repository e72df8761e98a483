import { findBearers } from "../../instances/bearers.ts";
import { decideSet, planChange, setSecret } from "../../secrets/change.ts";
import { changes, defineCommand } from "../define-command.ts";
import { tellFailures } from "../node-warnings.ts";
import { renderChange, toJson } from "./change-view.ts";
import { readTarget, renderTarget, target } from "./target.ts";
import { readValue } from "./value.ts";

export const command = defineCommand({
  examples: [
    "waifuctl secret set web-1 db-password",
    "waifuctl secret set --label role=web tls.key --file tls.key",
    "pwgen 32 1 | waifuctl secret set web-1 join-key --once",
  ],
  args: {
    ...target,
    file: {
      type: "string",
      valueHint: "FILE",
      description: "Take the value from it; else it is asked for, or read from a pipe as it is",
    },
    once: { type: "boolean", description: "Each guest can read it one time only" },
    ...changes,
  },
  async run(flags, { deps, terminal, reporter, signal, print }) {
    const { request, key } = readTarget(flags);
    const cluster = await deps();
    const bearers = await findBearers(cluster, request, signal);
    const value = await readValue(key, flags.file, terminal);
    const setting = decideSet(cluster, { scope: bearers.scope, key, once: flags.once, value });
    for (const name of bearers.unserved) reporter.warn(`${name} gets no secrets: its seed is a disk`);
    const outcome = flags.dryRun
      ? await planChange(cluster, setting, bearers, signal)
      : await setSecret(cluster, setting, bearers, { reporter, signal });
    const change = { key, request, plans: outcome.plans, isDry: flags.dryRun };
    const otherwise = `${key} is kept for ${renderTarget(request)}: no instance needs it now\n`;
    print(toJson(change), () => renderChange(change, "has", otherwise));
    return tellFailures(outcome.failures, reporter);
  },
});
