import { dirname } from "node:path";
import { parse, TomlError } from "smol-toml";
import { WaifuError } from "../errors.ts";
import type { ClusterConfig } from "./cluster-config.ts";
import { clusterFile } from "./cluster-file.ts";
import { clusterError, complain, type Mistake, mistakesOf } from "./cluster-mistakes.ts";
import type { Environment } from "./cluster-paths.ts";
import { resolveClusterConfig } from "./resolve-cluster-config.ts";
import { tomlLines } from "./toml-lines.ts";

/**
 * cluster.toml's text, checked, with every default filled in. `path` is the file's absolute path: relative paths inside
 * start from its folder. Throws one `config` error that lists all mistakes as `file:line: what`.
 */
export function parseClusterConfig(text: string, path: string, environment: Environment): ClusterConfig {
  const data = parseToml(text, path);
  const lineOf = tomlLines(text);
  const parsed = clusterFile.safeParse(data, { error: complain });
  const mistakes = [...mistakesOf(parsed.error?.issues ?? []), ...repeatedNames(data, lineOf)];
  if (!parsed.success || mistakes.length > 0) throw clusterError(path, mistakes, lineOf);
  return resolveClusterConfig(parsed.data, { path, folder: dirname(path), environment });
}

function parseToml(text: string, path: string): Record<string, unknown> {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [summary = ""] = error.message.split("\n");
    const complaint = summary.replace("Invalid TOML document: ", "");
    throw new WaifuError("config", `${path}:${error.line}: ${complaint} (column ${error.column})`, {
      hint: "The file isn't TOML: see https://toml.io for the rules.",
      cause: error,
    });
  }
}

function repeatedNames(data: Record<string, unknown>, lineOf: (path: Mistake["path"]) => number): Mistake[] {
  const nodes: unknown[] = Array.isArray(data.node) ? data.node : [];
  const firstLines = new Map<unknown, number>();
  return nodes.flatMap((node, index) => {
    const path = ["node", index, "name"];
    const name = typeof node === "object" && node !== null && "name" in node ? node.name : undefined;
    const firstLine = firstLines.get(name);
    if (firstLine !== undefined)
      return [{ path, complaint: `${JSON.stringify(name)} is already taken by line ${firstLine}` }];
    if (name !== undefined) firstLines.set(name, lineOf(path));
    return [];
  });
}
