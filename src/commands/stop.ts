import { waitTimeout } from "./argument-values.ts";
import { changes, defineCommand } from "./define-command.ts";
import { runPower } from "./power-command.ts";

export const command = defineCommand({
  examples: ["waifuctl stop web-1", "waifuctl stop web-1 --force"],
  args: {
    name: { type: "positional", description: "Instance" },
    force: { type: "boolean", alias: "f", description: "Pull the plug instead of asking the guest" },
    timeout: waitTimeout,
    ...changes,
  },
  run: (flags, context) => runPower("stop", flags, context),
});
