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
      name: "apply",
      description: "Make instances as files describe them",
      load: () => import("./apply.ts"),
    },
    {
      name: "diff",
      description: "Say what apply would change",
      load: () => import("./diff.ts"),
    },
    {
      name: "export",
      description: "Describe instances as they are, for apply",
      load: () => import("./export.ts"),
    },
    {
      name: "reconcile",
      description: "Find what is not as it was wanted, and mend it",
      load: () => import("./reconcile.ts"),
    },
    {
      name: "cron",
      description: "Reconcile by itself, every few minutes",
      commands: [
        {
          name: "install",
          description: "Have this machine do it",
          load: () => import("./cron/install.ts"),
        },
        { name: "remove", description: "Leave it to you again", load: () => import("./cron/remove.ts") },
      ],
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
      name: "ops",
      description: "What was done from here, and what was cut off",
      commands: [
        {
          name: "list",
          aliases: ["ls"],
          description: "List operations, and how they ended",
          load: () => import("./ops/list.ts"),
        },
        { name: "resume", description: "Finish one that was cut off", load: () => import("./ops/resume.ts") },
        {
          name: "undo",
          description: "Undo one that was cut off, or let it be",
          load: () => import("./ops/undo.ts"),
        },
      ],
    },
    { name: "audit", description: "Who did what, where and when", load: () => import("./audit.ts") },
    {
      name: "state",
      description: "What waifuctl remembers beside you",
      commands: [
        {
          name: "backup",
          description: "Copy it while it is in use",
          load: () => import("./state/backup.ts"),
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
