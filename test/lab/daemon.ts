import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { Readable } from "node:stream";
import { LabError } from "./run.ts";

/**
 * Starts a program in the background, where it outlives this process, and resolves when it writes "ready" to descriptor 3.
 * Throws with the end of its log if it stops before that.
 */
export async function startDaemon(argv: string[], logFile: string): Promise<void> {
  const [program = "", ...args] = argv;
  const log = openSync(logFile, "w");
  const child = spawn(program, args, { detached: true, stdio: ["ignore", log, log, "pipe"], cwd: "/" });
  closeSync(log);
  child.unref();
  const pipe = child.stdio[3];
  if (!(pipe instanceof Readable)) throw new LabError(`no pipe to ${program}`);
  for await (const chunk of pipe) if (String(chunk).includes("ready")) return;
  throw new LabError(
    `${program} stopped; ${logFile} ends with\n${(await readFile(logFile, "utf8")).slice(-2000)}`,
  );
}
