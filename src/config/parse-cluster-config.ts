import { dirname } from "node:path";
import type { ClusterConfig } from "./cluster-config.ts";
import { clusterFile, clusterKind, knownAt } from "./cluster-file.ts";
import type { Environment } from "./cluster-paths.ts";
import { complain, fileError, type Mistake, mistakesOf } from "./file-mistakes.ts";
import { parseToml } from "./parse-toml.ts";
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
  const mistakes = [...mistakesOf(parsed.error?.issues ?? [], knownAt), ...repeatedNames(data, lineOf)];
  if (!parsed.success || mistakes.length > 0) throw fileError(path, mistakes, lineOf, clusterKind);
  return resolveClusterConfig(parsed.data, { path, folder: dirname(path), environment });
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
