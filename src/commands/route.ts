import { WaifuError } from "../errors.ts";
import { nearest } from "../nearest.ts";
import type { Entry, GroupEntry } from "./command-table.ts";

/** Where a command line leads: a command, or a group where the words end; and what is left of them. */
export type Route = {
  readonly entry: Entry;
  /** How the person got here: `waifuctl node list`. */
  readonly program: string;
  readonly words: readonly string[];
};

/** Follows the words to a command. Flags may stand before it: `waifuctl --json node list`. Throws `usage`. */
export function route(group: GroupEntry, argv: readonly string[], program = group.name): Route {
  let leading = 0;
  while (argv[leading]?.startsWith("-")) leading += argv[leading] === "--cluster" ? 2 : 1;
  const name = argv[leading];
  if (name === undefined) return { entry: group, program, words: argv };
  const words = [...argv.slice(0, leading), ...argv.slice(leading + 1)];
  const entry = find(group.commands, name, program);
  const path = `${program} ${entry.name}`;
  return "commands" in entry ? route(entry, words, path) : { entry, program: path, words };
}

function find(table: readonly Entry[], name: string, program: string): Entry {
  const entry = table.find((candidate) => candidate.name === name || candidate.aliases?.includes(name));
  if (entry !== undefined) return entry;
  const meant = nearest(
    name,
    table.flatMap((candidate) => [candidate.name, ...(candidate.aliases ?? [])]),
  );
  throw new WaifuError("usage", `${program} has no command ${JSON.stringify(name)}`, {
    hint:
      meant === undefined
        ? `See ${program} --help.`
        : `Did you mean ${program} ${meant}? See ${program} --help.`,
  });
}
