import { parseNode, parseStorage } from "../nodes/node-words.ts";
import type { Arguments } from "./arguments.ts";

export const initFlags = {
  nodes: {
    type: "positional",
    required: false,
    repeatable: true,
    parse: parseNode,
    description: "[NAME=][USER@]HOST[:PORT], or local for this very machine; asked for when left out",
  },
  node: {
    type: "string",
    alias: "n",
    repeatable: true,
    valueHint: "NODE",
    parse: parseNode,
    description: "The same, as a flag",
  },
  user: { type: "string", valueHint: "USER", description: "Login on the nodes that name none" },
  identity: { type: "string", alias: "i", valueHint: "FILE", description: "Private key to log in with" },
  become: { type: "enum", options: ["sudo"], description: "How to become root; found out when left out" },
  storage: {
    type: "string",
    valueHint: "STORAGE",
    parse: parseStorage,
    description: "zfs:POOL or dir:/PATH; found out when left out",
  },
  network: { type: "string", valueHint: "NAME", description: "libvirt network of the instances" },
  bridge: {
    type: "string",
    valueHint: "NAME",
    description: "Bridge of the instances, in place of a network",
  },
  template: {
    type: "string",
    alias: "t",
    valueHint: "TEMPLATE",
    description: "What create takes by default",
  },
  output: {
    type: "string",
    alias: "o",
    valueHint: "FILE",
    description: "Where to write; else --cluster, else your own cluster file",
  },
  force: { type: "boolean", description: "Replace the file; the old one is kept as FILE.bak" },
  noProbe: { type: "boolean", description: "Don't connect to the nodes" },
  yes: {
    type: "boolean",
    alias: "y",
    description: "Accept the host keys shown, and write in spite of warnings",
  },
} as const satisfies Arguments;
