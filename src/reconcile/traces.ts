/** What is on a node beside its domains, disks and network, as `readTraces` prints it. */
export type Traces = {
  readonly files: readonly TraceFile[];
  /** Generation of each kept seed by uuid; undefined for a damaged file. */
  readonly histories: ReadonlyMap<string, number | undefined>;
  /** The same of the disks that guests read it from. */
  readonly seedDisks: ReadonlyMap<string, number | undefined>;
  /** As the domains will be at their next start, by uuid; without those of a libvirt that keeps them elsewhere. */
  readonly definitions: ReadonlyMap<string, Definition>;
  /** Of images and templates that somebody is at work on. */
  readonly busyDigests: ReadonlySet<string>;
  /** Absent where no metadata service was set up; `down` when its Redis does not answer. */
  readonly redis?: "down" | RedisKeys;
  /** Absent where it was not set up; a version that is not told is older than any that tells it. */
  readonly service?: { readonly isUp: boolean; readonly version: string };
};

export type TraceFile = {
  readonly path: string;
  /** A temporary file to which nobody has written for a day, or has it open. */
  readonly isStale: boolean;
};

export type Definition = {
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly macs: readonly string[];
};

export type RedisKeys = {
  readonly seeds: ReadonlyMap<string, number | "deleted" | "damaged">;
  /** Those of them that the metadata service had to put back: what else Redis kept of these guests is lost. */
  readonly restored: ReadonlySet<string>;
  /** Uuids of what else is kept of guests: secrets, their reads, and boots. */
  readonly others: ReadonlySet<string>;
};

export function parseTraces(stdout: string): Traces {
  const lines = stdout.split("\n");
  const after = (word: string) =>
    lines.flatMap((line) => (line.startsWith(`${word} `) ? [line.slice(word.length + 1)] : []));
  const [old, held] = [new Set(after("old")), new Set(after("held"))];
  const files = after("file").map((path) => ({ path, isStale: old.has(path) && !held.has(path) }));
  const excerpts = lines.flatMap(toExcerpt);
  const [service] = after("service");
  const [state, version = ""] = service?.split(" ") ?? [];
  return {
    files,
    histories: generations(files, excerpts, /\/([0-9a-f-]{36})\.json$/),
    seedDisks: generations(files, excerpts, /\/([0-9a-f-]{36})\.img$/),
    definitions: parseDefinitions(excerpts),
    busyDigests: new Set(after("busy").map((path) => path.replace(/^.*\/waifu-|\.(lock|work)$/g, ""))),
    redis: parseRedis(after("redis")),
    service: state === undefined ? undefined : { isUp: state === "up", version },
  };
}

/** A part of a file, by which it was found. */
type Excerpt = { readonly path: string; readonly text: string };

function toExcerpt(line: string): Excerpt[] {
  const [, path, text] = /^(\/[^:]*\.(?:json|img|xml)):(.*)$/.exec(line) ?? [];
  return path === undefined || text === undefined ? [] : [{ path, text }];
}

/** Of each file the first counts: user-data that looks like one comes after it. */
function generations(
  files: readonly TraceFile[],
  excerpts: readonly Excerpt[],
  pattern: RegExp,
): Map<string, number | undefined> {
  const isTold = ({ path, text }: Excerpt) => path.endsWith(".json") === text.startsWith('"');
  const first = new Map(
    excerpts
      .filter(isTold)
      .toReversed()
      .map(({ path, text }) => [path, text]),
  );
  return new Map(
    files.flatMap(({ path }): [string, number | undefined][] => {
      const uuid = pattern.exec(path)?.[1];
      const generation = /(\d+)(?:\},"earlier")?$/.exec(first.get(path) ?? "")?.[1];
      return uuid === undefined ? [] : [[uuid, generation === undefined ? undefined : Number(generation)]];
    }),
  );
}

const unitBytes: Readonly<Record<string, number>> = { b: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 };

/** Lines of definitions as libvirt writes them (https://libvirt.org/formatdomain.html). */
function parseDefinitions(excerpts: readonly Excerpt[]): Map<string, Definition> {
  const definitions = Map.groupBy(excerpts, ({ path }) => path);
  return new Map(
    [...definitions].flatMap(([path, parts]): [string, Definition][] => {
      const xml = parts.map(({ text }) => text).join("\n");
      const uuid = /<uuid>(.{36})</.exec(xml)?.[1];
      if (uuid === undefined || !path.endsWith(".xml")) return [];
      const [, unit = "", amount] = /<memory unit='(\w+)'>(\d+)</.exec(xml) ?? [];
      const [, attributes = "", most] = /<vcpu([^>]*)>(\d+)</.exec(xml) ?? [];
      const cpus = Number(/current='(\d+)'/.exec(attributes)?.[1] ?? most);
      const macs = [...xml.matchAll(/<mac address='([^']+)'/g)].map(([, mac = ""]) => mac.toLowerCase());
      return [[uuid, { cpus, memoryBytes: Number(amount) * (unitBytes[unit] ?? Number.NaN), macs }]];
    }),
  );
}

function parseRedis(lines: readonly string[]): Traces["redis"] {
  if (lines.length === 0) return undefined;
  if (lines.includes("down")) return "down";
  const keys = lines.map((line) => line.split(" "));
  const seeds = keys.flatMap(([kind, uuid = "", value = ""]): [string, number | "deleted" | "damaged"][] => {
    if (kind !== "seed") return [];
    return [[uuid, /^\d+$/.test(value) ? Number(value) : value === "deleted" ? "deleted" : "damaged"]];
  });
  const uuidsOf = (isKind: (kind?: string) => boolean) =>
    new Set(keys.flatMap(([kind, uuid]) => (isKind(kind) && uuid !== undefined ? [uuid] : [])));
  return {
    seeds: new Map(seeds),
    restored: uuidsOf((kind) => kind === "restored"),
    others: uuidsOf((kind) => kind !== "seed" && kind !== "restored"),
  };
}
