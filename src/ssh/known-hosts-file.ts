import { appendFile, mkdir, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { HostKey } from "./host-key.ts";
import { type KnownHost, parseKnownHosts } from "./known-hosts.ts";

/** All lines of several known_hosts files. Those that are missing or unreadable count as empty, as with ssh. */
export async function readKnownHosts(files: readonly string[]): Promise<KnownHost[]> {
  const lines = await Promise.all(files.map(async (file) => parseKnownHosts(await textOf(file), file)));
  return lines.flat();
}

/**
 * Records a host's key for ssh as much as for us, in one append, so that two writers can't mix their lines.
 * Makes the file (0600) and its folder (0700) where missing.
 */
export async function appendKnownHost(file: string, name: string, { type, base64 }: HostKey): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const before = await textOf(file);
  const newline = before === "" || before.endsWith("\n") ? "" : "\n";
  await appendFile(file, `${newline}${name} ${type} ${base64}\n`, { mode: 0o600 });
}

async function textOf(file: string): Promise<string> {
  return readFile(file, "utf8").catch(() => "");
}
