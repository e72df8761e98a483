import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parse, type SSHConfig } from "ssh-config";
import { WaifuError } from "../errors.ts";

const DEEPEST_INCLUDE = 16;

/** What ~/.ssh/config says of a host, keyed by lower-case keyword. */
export type HostOptions = Readonly<Record<string, readonly string[]>>;

/** The user's ssh configuration, includes and all. */
export class SshConfigFile {
  readonly #config: SSHConfig;

  constructor(config: SSHConfig) {
    this.#config = config;
  }

  /** Reads `~/.ssh/config`; without a home or the file, a configuration that says nothing. Throws `config`. */
  static async read(home: string | undefined): Promise<SshConfigFile> {
    if (home === undefined) return new SshConfigFile(parse(""));
    const folder = join(home, ".ssh");
    const path = join(folder, "config");
    try {
      return new SshConfigFile(parse(await expand(path, folder, home, 0)));
    } catch (cause) {
      throw new WaifuError(
        "config",
        `cannot read ${path}: ${cause instanceof Error ? cause.message : cause}`,
        { cause },
      );
    }
  }

  /** `Match exec` never holds: nothing is run to find out how to connect. */
  optionsFor(alias: string, user: string | undefined): HostOptions {
    const query = user === undefined ? { Host: alias } : { Host: alias, User: user };
    const computed = this.#config.compute(query, { ignoreCase: true, matchExec: false });
    return Object.fromEntries(Object.entries(computed).map(([key, value]) => [key, [value].flat()]));
  }
}

/** The text of a file with its includes in place. After each, the section in which it stood is opened again. */
async function expand(path: string, folder: string, home: string, depth: number): Promise<string> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "";
    throw error;
  });
  if (depth > DEEPEST_INCLUDE) throw new Error(`${path}: too many levels of Include`);
  const lines: string[] = [];
  let section = "Match all";
  for (const line of text.split("\n")) {
    if (/^\s*(host|match)[\s=]/i.test(line)) section = line;
    const patterns = line.match(/^\s*include(?:\s+|\s*=\s*)(.+)$/i)?.[1];
    if (patterns === undefined) {
      lines.push(line);
      continue;
    }
    for (const pattern of patterns.trim().split(/\s+/)) {
      const absolute = resolve(folder, pattern.replaceAll('"', "").replace(/^~(?=\/)/, home));
      for (const included of await filesMatching(absolute))
        lines.push(await expand(included, folder, home, depth + 1), section);
    }
  }
  return lines.join("\n");
}

async function filesMatching(pattern: string): Promise<string[]> {
  if (!/[*?[]/.test(pattern)) return [pattern];
  return (await Array.fromAsync(new Bun.Glob(pattern).scan({ cwd: "/", absolute: true, dot: true }))).sort();
}
