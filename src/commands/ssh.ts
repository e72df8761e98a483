import { openShell } from "../instances/shell.ts";
import { waitTimeout } from "./argument-values.ts";
import { defineCommand } from "./define-command.ts";

export const command = defineCommand({
  examples: [
    "waifuctl ssh web-1",
    "waifuctl ssh web-1 uname -a",
    "waifuctl ssh --user root web-1 -- journalctl -f",
  ],
  args: {
    name: { type: "positional", valueHint: "[USER@]NAME", description: "Instance" },
    command: {
      type: "positional",
      rest: true,
      required: false,
      description: "Run this instead of a login shell",
    },
    user: {
      type: "string",
      alias: "l",
      valueHint: "USER",
      description: "Log in as somebody else than the seed's user",
    },
    identity: { type: "string", alias: "i", valueHint: "FILE", description: "Private key to log in with" },
    tty: { type: "boolean", alias: "t", description: "Give the command a terminal" },
    timeout: { ...waitTimeout, default: "120" },
  },
  async run(flags, { deps, terminal, reporter, signal }) {
    const at = flags.name.lastIndexOf("@");
    const wantsTerminal = flags.command.length === 0 || flags.tty;
    const size = wantsTerminal ? terminal.size : undefined;
    const shell = await openShell(
      await deps(),
      {
        name: flags.name.slice(at + 1),
        user: at < 0 ? flags.user : flags.name.slice(0, at),
        identityFile: flags.identity,
        command: flags.command.length === 0 ? undefined : flags.command,
        terminal: size,
        timeoutMs: flags.timeout * 1000,
      },
      { reporter, signal },
    );
    return await terminal.attach(shell, { isRaw: size !== undefined, signal });
  },
});
