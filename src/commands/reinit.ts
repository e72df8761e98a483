import { changes, defineCommand, destroys } from "./define-command.ts";
import { runPower } from "./power-command.ts";

export const command = defineCommand({
  examples: ["waifuctl reinit web-1", "waifuctl reinit web-1 --yes"],
  args: { name: { type: "positional", description: "Instance" }, ...changes, ...destroys },
  run: (flags, context) => runPower("reinit", flags, context),
});
