import { changes, defineCommand } from "./define-command.ts";
import { runPower } from "./power-command.ts";

export const command = defineCommand({
  examples: ["waifuctl reboot web-1", "waifuctl reboot web-1 --force"],
  args: {
    name: { type: "positional", description: "Instance" },
    force: { type: "boolean", alias: "f", description: "Press the reset button instead of asking the guest" },
    ...changes,
  },
  run: (flags, context) => runPower("reboot", flags, context),
});
