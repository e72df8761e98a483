import { posix } from "node:path";

/** A file's text by its path: `src/zfs/zfs.ts`. */
export type Sources = Readonly<Record<string, string>>;

type Import = { readonly file: string; readonly target: string; readonly isTypeOnly: boolean };

const WORDS = ["command.ts", "errors.ts", "instance-spec.ts", "nearest.ts", "reporter.ts", "size.ts"];
const VOCABULARY = ["zfs", "libvirt", "qemu"];
const ADAPTERS = ["ssh", "http", "state", "redis", "config", "storage"];
const GROUND = [...WORDS, ...VOCABULARY, ...ADAPTERS, "catalog"];
const MIDDLE = [
  "recovery",
  "instances",
  "secrets",
  "templates",
  "nodes",
  "setup",
  "volumes",
  "networks",
  "metadata",
  "placement",
  "reconcile",
  "apply",
];

/** Each place of the house, and where its imports may lead; after `type ` only those that leave nothing at run time. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  "main.ts": ["wire.ts", "commands", "terminal", ...WORDS],
  "wire.ts": [...MIDDLE, ...GROUND, "terminal"],
  commands: ["type wire.ts", ...MIDDLE, "terminal", ...WORDS],
  web: ["type wire.ts", ...MIDDLE, ...WORDS],

  reconcile: [
    "recovery",
    "instances",
    "secrets",
    "templates",
    "volumes",
    "networks",
    "nodes",
    "metadata",
    "placement",
    ...GROUND,
  ],
  apply: ["instances", "secrets", "templates", "nodes", "metadata", "placement", ...GROUND],
  recovery: ["instances", "secrets", "templates", "nodes", "setup", "metadata", ...GROUND],
  instances: ["secrets", "templates", "volumes", "networks", "nodes", "metadata", "placement", ...GROUND],
  secrets: ["nodes", "metadata", ...GROUND],
  templates: ["nodes", "placement", ...GROUND],
  volumes: ["nodes", "placement", ...GROUND],
  networks: ["nodes", "placement", ...GROUND],
  nodes: ["placement", "metadata", ...GROUND],
  setup: ["nodes", "metadata", ...GROUND],
  metadata: GROUND,
  placement: GROUND.map((place) => `type ${place}`),

  storage: [...VOCABULARY, "type config", "type ssh", ...WORDS],
  ssh: ["type config", ...WORDS],
  http: WORDS,
  catalog: ["type config", ...WORDS],
  state: WORDS,
  redis: ["type ssh", ...WORDS],
  config: WORDS,
  terminal: WORDS,
  zfs: WORDS,
  libvirt: WORDS,
  qemu: WORDS,
  ...Object.fromEntries(WORDS.map((word) => [word, WORDS])),
};

/** Packages, and built-in modules that reach outside, with the places that may use them. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  citty: ["commands"],
  "consola/core": ["terminal"],
  "smol-toml": ["config"],
  zod: ["config"],
  yaml: ["metadata"],
  ajv: ["metadata"],
  diff: ["metadata"],
  ssh2: ["ssh"],
  "ssh-config": ["ssh"],
  ioredis: ["redis"],
  "bun:sqlite": ["state"],
  "node:child_process": ["ssh"],
  "node:net": ["ssh"],
};

/** Everything in `src/` that breaks the rules of the house, a line each. */
export function findBreaches(sources: Sources): string[] {
  const imports = Object.entries(sources).flatMap(([file, source]) => importsOf(file, source));
  return [
    ...Object.entries(sources).flatMap(fileBreaches),
    ...imports.flatMap(importBreaches),
    ...loops(imports),
  ];
}

function fileBreaches([file, source]: [string, string]): string[] {
  const lines = source.split("\n").length - 1;
  return [
    MAY_IMPORT[placeOf(file)] === undefined && `${file} is in no place of the house`,
    !/^[a-z0-9]+(-[a-z0-9]+)*\.ts$/.test(posix.basename(file)) && `${file} is not named in kebab-case`,
    /\/(index|utils?|helpers?|common|misc)(\/|\.ts$)/.test(file) &&
      `${file} is named by nothing that it holds`,
    lines > 250 && `${file} has ${lines} lines, over 250`,
    /^export default\b|^export \{[^}]*\bas default\b/m.test(source) && `${file} has a default export`,
    /^export \* from/m.test(source) && `${file} is a barrel`,
    file !== "src/main.ts" && /\bprocess\.exit\(/.test(source) && `${file} calls process.exit`,
  ].filter((breach) => breach !== false);
}

function importBreaches({ file, target, isTypeOnly }: Import): string[] {
  const from = placeOf(file);
  if (!target.startsWith("src/")) {
    if (target.startsWith("node:") && PACKAGES[target] === undefined) return [];
    if (/^[a-z-]+\/?[a-z-]*\.(json|toml|txt|xml|yaml|service|conf|nft|nix)$/.test(target)) return [];
    return PACKAGES[target]?.includes(from) ? [] : [`${file} imports ${target}`];
  }
  const to = placeOf(target);
  const allowed = MAY_IMPORT[from];
  if (allowed === undefined || to === from || allowed.includes(to)) return [];
  if (!allowed.includes(`type ${to}`)) return [`${file} imports ${target}`];
  return isTypeOnly ? [] : [`${file} imports more than types from ${target}`];
}

/** Places that import each other in a ring, types counted. */
function loops(imports: readonly Import[]): string[] {
  const edges = new Map<string, Set<string>>();
  for (const { file, target } of imports) {
    const [from, to] = [placeOf(file), placeOf(target)];
    if (from !== to) edges.set(from, (edges.get(from) ?? new Set()).add(to));
  }
  const done = new Set<string>();
  const visit = (place: string, path: readonly string[]): string[] => {
    if (path.includes(place)) return [`a loop: ${[...path.slice(path.indexOf(place)), place].join(" → ")}`];
    if (done.has(place)) return [];
    const found = [...(edges.get(place) ?? [])].flatMap((next) => visit(next, [...path, place]));
    done.add(place);
    return found;
  };
  return [...edges.keys()].flatMap((place) => visit(place, []));
}

/** The folder under `src/`, or the file itself if it lies at the top. */
function placeOf(file: string): string {
  return file.split("/")[1] ?? file;
}

function importsOf(file: string, source: string): Import[] {
  const statements = source.matchAll(/^(?:import|export)\s+(type\s)?(?:[^"';]*?\sfrom\s+)?"([^"]+)"/gm);
  const calls = source.matchAll(/\b(typeof )?(?:import|require)\("([^"]+)"\)/g);
  return [...statements, ...calls].map(([, type, specifier = ""]) => ({
    file,
    target: specifier.startsWith(".") ? posix.join(posix.dirname(file), specifier) : specifier,
    isTypeOnly: type !== undefined,
  }));
}
