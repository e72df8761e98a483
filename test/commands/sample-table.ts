import { parseKeyValue, parseWholeNumber } from "../../src/commands/argument-values.ts";
import type { Entry, GroupEntry } from "../../src/commands/command-table.ts";
import {
  type Command,
  type Context,
  changes,
  defineCommand,
  destroys,
} from "../../src/commands/define-command.ts";
import { parseSize } from "../../src/size.ts";

/** Commands with every kind of argument, which print what they were given. */
export function sampleTable(
  onRun: (context: Context) => Promise<number | undefined> = async () => undefined,
) {
  const make = defineCommand({
    examples: ["sample make web-1 --size 2G", "sample make --label disk=nvme --dry-run"],
    args: {
      name: { type: "positional", required: false, description: "Name; made up when left out" },
      cpus: {
        type: "string",
        alias: "c",
        valueHint: "N",
        parse: parseWholeNumber({ min: 1, max: 8 }),
        description: "CPUs",
      },
      size: {
        type: "string",
        alias: ["disk", "s"],
        default: "1G",
        valueHint: "SIZE",
        parse: parseSize,
        description: "Size",
      },
      kind: { type: "enum", options: ["zfs", "dir"], description: "Kind" },
      label: {
        type: "string",
        repeatable: true,
        valueHint: "KEY=VALUE",
        parse: parseKeyValue,
        description: "Label",
      },
      noWait: { type: "boolean", description: "Don't wait" },
      ...changes,
    },
    async run(flags, { print }) {
      // Each line below is a test of the types: it does not compile where one is lost.
      const name: string | undefined = flags.name;
      const cpus: number | undefined = flags.cpus;
      const size: number = flags.size;
      const kind: "zfs" | "dir" | undefined = flags.kind;
      const labels: readonly { key: string; value: string }[] = flags.label;
      const isDryRun: boolean = flags.dryRun;
      print({ name, cpus, size, kind, labels, isDryRun, noWait: flags.noWait }, "made\n");
    },
  });
  const remove = defineCommand({
    examples: ["sample remove web-1"],
    args: { names: { type: "positional", repeatable: true, description: "Names" }, ...destroys },
    async run(flags, context) {
      await context.confirm(`Remove ${flags.names.join(" ")}?`);
      context.print({ removed: flags.names }, () => `${flags.names.join("\n")}\n`);
    },
  });
  const enter = defineCommand({
    examples: ["sample enter web-1 -- uptime -p"],
    args: {
      name: { type: "positional", description: "Name" },
      user: { type: "string", alias: "l", description: "User" },
      command: { type: "positional", rest: true, description: "Command to run there" },
    },
    async run(flags, context) {
      context.print({ name: flags.name, user: flags.user, command: flags.command }, "entered\n");
      return onRun(context);
    },
  });
  const needy = defineCommand({
    examples: ["sample node needy --key K"],
    args: { key: { type: "string", required: true, description: "Key" } },
    async run(flags, context) {
      const key: string = flags.key;
      await context.deps();
      context.print(key, key);
    },
  });

  const loaded: string[] = [];
  const entry = (name: string, command: Command, aliases: string[] = []): Entry => ({
    name,
    description: `The ${name} command`,
    aliases,
    load: async () => {
      loaded.push(name);
      return { command };
    },
  });
  const table: GroupEntry = {
    name: "sample",
    description: "A sample",
    commands: [
      entry("make", make),
      entry("remove", remove, ["delete"]),
      entry("enter", enter),
      { name: "node", description: "Nodes", aliases: ["host"], commands: [entry("needy", needy)] },
    ],
  };
  return { table, loaded };
}
