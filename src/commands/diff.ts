import { decideApply } from "../apply/decide-apply.ts";
import { exitStatusOf } from "../errors.ts";
import { described } from "./apply.ts";
import { changeJson, renderChanges } from "./apply-view.ts";
import { defineCommand } from "./define-command.ts";
import { warnOfNodes } from "./node-warnings.ts";

export const command = defineCommand({
  examples: ["waifuctl diff -f homelab.toml", "waifuctl diff -f homelab/ --prune --json"],
  args: described,
  async run({ file, prune, replace }, { deps, reporter, signal, terminal, print }) {
    const { changes, failures } = await decideApply(await deps(), file, { prune, replace }, signal);
    print({ changes: changes.map(changeJson) }, () => renderChanges(changes, terminal.stdout));
    const isSame = changes.every(({ action }) => action === "none");
    return warnOfNodes(failures, reporter) || (isSame ? 0 : exitStatusOf("findings"));
  },
});
