import { WaifuError } from "../../errors.ts";
import { addedNames, type TemplateUpdate, updateTemplates } from "../../templates/update.ts";
import { changes, defineCommand } from "../define-command.ts";
import { tellFailures } from "../node-warnings.ts";
import { versionWords } from "./version-view.ts";

export const command = defineCommand({
  examples: ["waifuctl template update debian-12", "waifuctl template update --all --dry-run"],
  args: {
    names: { type: "positional", repeatable: true, required: false, description: "Templates" },
    all: { type: "boolean", description: "Every template that was added here" },
    ...changes,
  },
  async run({ names, all, dryRun }, { deps, reporter, signal, print }) {
    if (all === names.length > 0) {
      throw new WaifuError("usage", "update takes either names or --all", {
        hint: "See waifuctl template list for the names.",
      });
    }
    const cluster = await deps();
    const wanted = all ? addedNames(cluster) : names;
    const { updates, failures } = await updateTemplates(cluster, wanted, dryRun, { reporter, signal });
    const failed = failures.map(({ name, error }) => ({ name, code: error.code, message: error.message }));
    if (dryRun) reporter.note("Only looked up: nothing was changed.");
    print({ updates, failures: failed }, () =>
      wanted.length === 0 ? "No templates yet.\n" : updates.map(renderUpdate).join(""),
    );
    return tellFailures(
      failures.map(({ name, error: cause }) => {
        const { code, message, hint } = cause;
        return { error: new WaifuError(code, `${name} can't be looked up: ${message}`, { hint, cause }) };
      }),
      reporter,
    );
  },
});

function renderUpdate({ name, outcome, from, to }: TemplateUpdate): string {
  const before = versionWords(from);
  switch (outcome) {
    case "new":
    case "newer":
      return `${name}: ${before} → ${versionWords(to)}\n`;
    case "again":
      return `${name}: ${before} → ${versionWords(to)}, which it was before\n`;
    case "amended":
      return `${name}: nothing new: ${before}, now at ${to.source}\n`;
    case "unchanged":
      return `${name}: nothing new: ${before}\n`;
    case "looks-unchanged":
      return `${name}: seems to be the same still: ${before}; nobody publishes its checksum\n`;
    case "may-have-changed":
      return `${name}: may have changed since ${before}; to take what is there now: waifuctl template add ${name} ${from.source} --trust-on-first-use\n`;
    case "pinned":
      return `${name}: stays ${before}: nobody publishes a newer one at ${from.source}\n`;
  }
}
