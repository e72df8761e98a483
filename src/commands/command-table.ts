import { WaifuError } from "../errors.ts";
import { nearest } from "../nearest.ts";
import type { Command } from "./define-command.ts";

type Named = { readonly name: string; readonly description: string; readonly aliases?: readonly string[] };

/** A command that is loaded when it is called. */
export type CommandEntry = Named & { readonly load: () => Promise<{ readonly command: Command }> };

/** Commands under one noun: `waifuctl node list`. */
export type GroupEntry = Named & { readonly commands: readonly Entry[] };

export type Entry = CommandEntry | GroupEntry;

export const commandTable: GroupEntry = {
  name: "waifuctl",
  description: "Virtual machines across a homelab cluster, with no daemon",
  commands: [
    { name: "create", description: "Make an instance and start it", load: () => import("./create.ts") },
    { name: "list", aliases: ["ls"], description: "List all instances", load: () => import("./list.ts") },
    { name: "show", description: "Show all that is known of an instance", load: () => import("./show.ts") },
    {
      name: "ip",
      description: "Print an instance's address, or why it has none",
      load: () => import("./ip.ts"),
    },
    {
      name: "ssh",
      description: "Log in to an instance, or run a command there",
      load: () => import("./ssh.ts"),
    },
    {
      name: "console",
      description: "Attach to an instance's serial console",
      load: () => import("./console.ts"),
    },
    { name: "start", description: "Switch an instance on", load: () => import("./start.ts") },
    {
      name: "stop",
      aliases: ["shutdown"],
      description: "Ask an instance to stop, or pull its plug",
      load: () => import("./stop.ts"),
    },
    { name: "reboot", description: "Restart an instance", load: () => import("./reboot.ts") },
    {
      name: "reinit",
      description: "Put an instance back to its fresh disk",
      load: () => import("./reinit.ts"),
    },
    {
      name: "edit",
      description: "Change an instance's user-data",
      load: () => import("./edit.ts"),
    },
    {
      name: "delete",
      aliases: ["rm"],
      description: "Remove an instance with its disk",
      load: () => import("./delete.ts"),
    },
    {
      name: "node",
      description: "The machines that run instances",
      commands: [
        { name: "list", description: "List nodes with what is free", load: () => import("./node/list.ts") },
        { name: "trust", description: "Accept a node's host key", load: () => import("./node/trust.ts") },
        {
          name: "setup",
          description: "Make a machine ready to run instances",
          load: () => import("./node/setup.ts"),
        },
        {
          name: "doctor",
          description: "Say what a node lacks, and what to do",
          load: () => import("./node/doctor.ts"),
        },
      ],
    },
    {
      name: "template",
      aliases: ["distro"],
      description: "Base images",
      commands: [
        {
          name: "add",
          description: "Name an image, from the catalog or your own",
          load: () => import("./template/add.ts"),
        },
        {
          name: "update",
          description: "Look for newer versions",
          load: () => import("./template/update.ts"),
        },
        {
          name: "list",
          aliases: ["ls"],
          description: "List images and where they are ready",
          load: () => import("./template/list.ts"),
        },
        {
          name: "show",
          description: "Show an image's versions and what was made from them",
          load: () => import("./template/show.ts"),
        },
        {
          name: "create",
          description: "Make a version out of an instance's disk",
          load: () => import("./template/create.ts"),
        },
        {
          name: "export",
          description: "Write an image to a file here",
          load: () => import("./template/export.ts"),
        },
        {
          name: "verify",
          description: "Look for damaged images and templates",
          load: () => import("./template/verify.ts"),
        },
        {
          name: "delete",
          aliases: ["rm"],
          description: "Remove a version, or all of a name",
          load: () => import("./template/delete.ts"),
        },
        {
          name: "prune",
          description: "Remove old versions that nothing is made from",
          load: () => import("./template/prune.ts"),
        },
      ],
    },
    {
      name: "secret",
      description: "What a guest may read, and nobody else",
      commands: [
        {
          name: "set",
          description: "Give an instance a secret, or all with a label",
          load: () => import("./secret/set.ts"),
        },
        {
          name: "list",
          aliases: ["ls"],
          description: "List secrets, and when they were read; never a value",
          load: () => import("./secret/list.ts"),
        },
        {
          name: "delete",
          aliases: ["rm"],
          description: "Take a secret away",
          load: () => import("./secret/delete.ts"),
        },
      ],
    },
    {
      name: "serve-metadata",
      description: "Answer this node's guests (run by systemd)",
      load: () => import("./serve-metadata.ts"),
    },
    { name: "init", description: "Write a cluster.toml", load: () => import("./init.ts") },
    { name: "version", description: "Print the version", load: () => import("./version.ts") },
  ],
};

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
