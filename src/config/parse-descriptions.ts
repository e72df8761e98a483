import { expandPath } from "./cluster-paths.ts";
import type { Description, Descriptions } from "./description.ts";
import {
  type CheckedDescriptionFile,
  type CheckedInstanceTable,
  descriptionFile,
  descriptionKind,
  knownAt,
} from "./description-file.ts";
import { nameMistakes, numbered } from "./description-names.ts";
import {
  complain,
  type LocatedMistake,
  locate,
  type Mistake,
  mistakesError,
  mistakesOf,
} from "./file-mistakes.ts";
import { parseToml } from "./parse-toml.ts";
import type { Table } from "./table-rule.ts";
import { tomlLines } from "./toml-lines.ts";

/** One file's text. `path` is for messages, relative paths inside start from the absolute `folder`. */
export type DescriptionText = { readonly path: string; readonly folder: string; readonly text: string };

/** The text of a file that a description names; undefined where it can't be read. */
export type ReadText = (path: string) => string | undefined;

/**
 * What the files together describe, each `count` numbered from 1. Throws one `config` error that lists the mistakes of all files as
 * `file:line: what`; a name that is taken twice over all of them is one.
 */
export function parseDescriptions(files: readonly DescriptionText[], readText: ReadText): Descriptions {
  const taken = new Map<string, string>();
  const read = files.map((file) => readFile(file, readText, taken));
  const mistakes = read.flatMap((file) => file.mistakes);
  if (mistakes.length > 0) throw mistakesError(mistakes, descriptionKind);
  return {
    instances: read.flatMap((file) => file.instances),
    sets: [...new Set(read.flatMap(({ set }) => set ?? []))],
  };
}

type ReadFile = {
  readonly set?: string;
  readonly instances: readonly Description[];
  readonly mistakes: readonly LocatedMistake[];
};

function readFile(
  { path: file, folder, text }: DescriptionText,
  readText: ReadText,
  taken: Map<string, string>,
): ReadFile {
  const data = parseToml(text, file);
  const lineOf = tomlLines(text);
  const placeOf = (path: Mistake["path"]) => `${file}:${lineOf(path)}`;
  const absolute = (path: string) => expandPath(path, folder, {});
  const parsed = descriptionFile.safeParse(data, { error: complain });
  const found = [
    ...mistakesOf(parsed.error?.issues ?? [], knownAt),
    ...nameMistakes(tablesOf(data.instance), taken, placeOf),
    ...unreadableFiles(data, (path) => readText(absolute(path)) !== undefined),
  ];
  if (!parsed.success || found.length > 0) return { instances: [], mistakes: locate(file, found, lineOf) };
  const { set, defaults = {}, instance: tables = [] } = parsed.data;
  const userDataOf = ({ user_data: inline, user_data_file: path }: CheckedInstanceTable, origin: string) => {
    if (path !== undefined) return { text: readText(absolute(path)) ?? "", path };
    return inline === undefined ? undefined : { text: inline, path: `${origin}: user_data` };
  };
  const instances = tables.flatMap((table, index) => {
    const origin = placeOf(["instance", index]);
    const keys = withDefaults(table, defaults);
    const described = {
      origin,
      set,
      template: keys.template,
      cpus: keys.cpus,
      memoryBytes: keys.memory,
      diskBytes: keys.disk,
      userData: userDataOf(keys, origin),
      sshKeyFile: keys.ssh_key_file === undefined ? undefined : absolute(keys.ssh_key_file),
      labels: keys.labels,
      node: keys.node,
      nodeLabels: keys.node_labels,
      seed: keys.seed,
      restart: keys.restart,
    };
    return numbered(table.name, table.count).map((name) => ({ name, ...described }));
  });
  return { set, instances, mistakes: [] };
}

/** An instance's own keys go before those of the file; labels are put together. */
function withDefaults(
  table: CheckedInstanceTable,
  { user_data, user_data_file, ...defaults }: NonNullable<CheckedDescriptionFile["defaults"]>,
): CheckedInstanceTable {
  const hasOwn = table.user_data !== undefined || table.user_data_file !== undefined;
  return {
    ...(hasOwn ? {} : { user_data, user_data_file }),
    ...defaults,
    ...table,
    labels: merged(defaults.labels, table.labels),
    node_labels: merged(defaults.node_labels, table.node_labels),
  };
}

type Labels = Readonly<Record<string, string>>;

function merged(shared: Labels | undefined, own: Labels | undefined): Record<string, string> | undefined {
  return shared === undefined && own === undefined ? undefined : { ...shared, ...own };
}

function unreadableFiles(data: Table, canRead: (path: string) => boolean): Mistake[] {
  const places = [
    ...tablesOf([data.defaults]).map((table) => ({ table, path: ["defaults"] })),
    ...tablesOf(data.instance).map((table, index) => ({ table, path: ["instance", index] })),
  ];
  return places.flatMap(({ table: { user_data_file: file }, path }) =>
    typeof file !== "string" || canRead(file)
      ? []
      : [{ path: [...path, "user_data_file"], complaint: `names no file that can be read: ${file}` }],
  );
}

/** The tables of a list; what is no table counts as an empty one. */
function tablesOf(list: unknown): Table[] {
  if (!Array.isArray(list)) return [];
  return list.map((item: unknown) => (typeof item === "object" && item !== null ? { ...item } : {}));
}
