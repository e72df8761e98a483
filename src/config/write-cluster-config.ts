import { stringify } from "smol-toml";
import template from "../../templates/cluster.toml" with { type: "text" };
import type { ClusterFile } from "./cluster-file.ts";

/**
 * The text of a new cluster.toml. The template's commented-out lines stay as examples where `file` is silent, and its
 * nodes follow at the end. The caller parses the result before keeping it: nothing is checked here.
 */
export function writeClusterConfig(file: ClusterFile): string {
  const templateText: string = template;
  let section = "";
  const lines = templateText.split("\n").map((line) => {
    section = /^\[(\w+)\]$/.exec(line)?.[1] ?? section;
    const key = /^# (\w+) = /.exec(line)?.[1];
    const value = key === undefined ? undefined : valuesOf(file, section)[key];
    return key === undefined || value === undefined ? line : assignment(key, value);
  });
  const nodes = file.node.map((node) => ["", "[[node]]", ...assignments(node), ""].join("\n"));
  return lines.join("\n") + nodes.join("");
}

type Values = Readonly<Record<string, unknown>>;

function valuesOf(file: ClusterFile, section: string): Values {
  if (section === "") return { state: file.state, catalog: file.catalog };
  return (section === "defaults" ? file.defaults : file.node_defaults) ?? {};
}

export function assignments(table: object): string[] {
  return Object.entries(table)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => assignment(key, value));
}

export function assignment(key: string, value: unknown): string {
  return typeof value === "object" && value !== null
    ? `${key} = { ${assignments(value).join(", ")} }`
    : stringify({ [key]: value }).trim();
}
