import { openConsole } from "../instances/console.ts";
import { defineCommand } from "./define-command.ts";

export const command = defineCommand({
  examples: ["waifuctl console web-1"],
  args: { name: { type: "positional", description: "Instance" } },
  async run({ name }, { deps, terminal, reporter, signal }) {
    const console = await openConsole(await deps(), name, terminal.size ?? { columns: 80, rows: 24 }, signal);
    reporter.note("Press Ctrl-] to leave the console.");
    return await terminal.attach(console, { isRaw: true, canLeave: true, signal });
  },
});
