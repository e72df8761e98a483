import { changes, defineCommand } from "./define-command.ts";
import { runPower } from "./power-command.ts";

export const command = defineCommand({
  examples: ["waifuctl start web-1"],
  args: { name: { type: "positional", description: "Instance" }, ...changes },
  run: (flags, context) => runPower("start", flags, context),
});
