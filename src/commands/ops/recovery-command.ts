import { decideRecovery } from "../../recovery/decide.ts";
import { cutOffOperation } from "../../recovery/operations.ts";
import { type Command, changes, defineCommand, destroys } from "../define-command.ts";

/** What `ops resume` and `ops undo` share: all but the way. */
export function recoveryCommand(way: "resume" | "undo"): Command {
  return defineCommand({
    mends: true,
    examples: [`waifuctl ops ${way} 3f9c21aa`, `waifuctl ops ${way} 3f9c21aa --dry-run`],
    args: {
      id: { type: "positional", description: "The operation's id, or the beginning of it: see ops list" },
      ...changes,
      ...destroys,
    },
    async run({ id, dryRun }, { deps, reporter, signal, confirm, print }) {
      const cluster = await deps();
      const operation = cutOffOperation(cluster, id);
      const { title, reason, ...recovery } = decideRecovery(operation, way);
      if (dryRun) return print({ id: operation.id, title, reason }, `Would ${title}: ${reason}\n`);
      const elsewhere = `It was begun on ${operation.host}, which is not asked whether it still goes on. `;
      const doubt = operation.condition === "elsewhere" ? elsewhere : "";
      await confirm(`${doubt}Shall waifuctl ${title}?`);
      const { recover } = await import("../../recovery/recover.ts");
      const { outcome, said } = await recover(cluster, { title, reason, ...recovery }, { reporter, signal });
      const { verb, instance, node } = operation;
      print({ id: operation.id, outcome, said }, `${verb} ${instance} on ${node} is ${outcome}: ${said}\n`);
    },
  });
}
