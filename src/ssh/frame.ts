import { randomBytes } from "node:crypto";
import type { Readable } from "node:stream";
import { toShellLine } from "./quote.ts";

/**
 * A script's output told apart from what the login shell says first (bash sources .bashrc even for a remote command).
 * The line on standard error also carries the process group, so that the program can be stopped later.
 */
export type Frame = {
  readonly line: string;
  /** What follows the mark, or undefined when the mark never came: then nothing was run. */
  strip(output: Buffer): Buffer | undefined;
  /** The script's process group, as soon as its standard error tells. */
  group(stderr: Readable): Promise<string>;
};

export function frame(script: string): Frame {
  const mark = `waifuctl-${randomBytes(12).toString("hex")}`;
  const locate = (output: Buffer): { text: string; end: number } | undefined => {
    const start = output.indexOf(`${mark} `);
    const end = output.indexOf("\n", start);
    if (start < 0 || end < 0) return undefined;
    return { text: output.toString("utf8", start + mark.length + 1, end), end: end + 1 };
  };
  return {
    line: toShellLine(`echo ${mark} $$; echo ${mark} $$ >&2; ${script}`),
    strip: (output) => {
      const found = locate(output);
      return found && output.subarray(found.end);
    },
    group: (stderr) =>
      new Promise((resolve) => {
        let seen = Buffer.alloc(0);
        const onData = (chunk: Buffer): void => {
          seen = Buffer.concat([seen, chunk]);
          const found = locate(seen);
          if (!found) return;
          stderr.off("data", onData);
          resolve(found.text);
        };
        stderr.on("data", onData);
      }),
  };
}

/** Signals a process group; where the server made none (dropbear), the script and what it started. */
export function killArgv(signal: "TERM" | "KILL", group: string): [string, ...string[]] {
  const script = 'kill -s "$1" -- "-$2" 2>/dev/null || { pkill "-$1" -P "$2"; kill -s "$1" "$2"; }';
  return ["sh", "-c", script, "sh", signal, group];
}
