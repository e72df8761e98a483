import type { Argv, Command } from "../command.ts";
import { WaifuError } from "../errors.ts";

// sshd's own PATH lacks the administrator's folders on Debian and everything on NixOS, whose set-uid
// wrappers must be found before the plain binaries of the same name.
const ENVIRONMENT =
  'export LC_ALL=C PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin:/run/wrappers/bin:/run/current-system/sw/bin"';

const PLAIN_WORD = /^[\w@%+:,./-]+$/;

/** One word of a shell line. Holds in sh, bash, zsh, and in fish, which reads `\\` inside single quotes. */
export function quote(word: string): string {
  if (word.includes("\0")) throw new WaifuError("refused", "an argument of a command holds a NUL byte");
  if (PLAIN_WORD.test(word)) return word;
  return `'${word.replace(/['\\]/g, (special) => `'\\${special}'`)}'`;
}

const words = (argv: Argv): string => argv.map(quote).join(" ");

/** The programs of a command for `sh`, which they replace: no builtin ever runs in a program's stead. */
export function toPrograms(command: Command, become?: "sudo"): string {
  const first = `exec ${become ? "sudo -n -- " : ""}`;
  if (!command.pipeTo?.length) return first + words(command.argv);
  const pipeline = [command.argv, ...command.pipeTo].map((argv) => `(exec ${words(argv)})`).join(" | ");
  return `${first}sh -c ${quote(pipeline)}`;
}

/** What `sh -c` is given for a command, here or on a node. */
export function toScript(command: Command, become?: "sudo"): string {
  return `${ENVIRONMENT}; ${toPrograms(command, become)}`;
}

/** A script for `sh` as a line for whatever login shell the node's user has. */
export function toShellLine(script: string): string {
  return `exec sh -c ${quote(script)}`;
}
