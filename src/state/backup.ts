import type { Database } from "bun:sqlite";
import { closeSync, fsyncSync, linkSync, mkdirSync, openSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { WaifuError } from "../errors.ts";
import { isDamage } from "./set-aside.ts";

/**
 * A whole copy as of one moment, while others may write (`VACUUM INTO` reads in one transaction, write-ahead log included); only its owner may
 * read it. Never over a file that is there: throws `exists`, or leaves that one with `isKept`. Throws `refused` where it can't be written.
 */
export function backupDatabase(from: Database, to: string, { isKept = false } = {}): void {
  try {
    mkdirSync(dirname(to), { recursive: true, mode: 0o700 });
    writeCopy(from, to);
  } catch (error) {
    if (!(error instanceof Error) || isDamage(error)) throw error;
    const isThere = "code" in error && error.code === "EEXIST";
    if (isThere && isKept) return;
    if (isThere) {
      throw new WaifuError("exists", `${to} is there already`, { hint: "Name another file for the backup." });
    }
    throw new WaifuError("refused", `can't write ${to}, a copy of the state file: ${error.message}`, {
      hint: "Make room on its disk, or name another file with `waifuctl state backup FILE`.",
      cause: error,
    });
  }
}

function writeCopy(from: Database, to: string): void {
  const draft = `${to}.${process.pid}`;
  // SQLite writes into an empty file that is there, and keeps its mode.
  const file = openSync(draft, "w", 0o600);
  try {
    from.query("VACUUM INTO ?").run(draft);
    fsyncSync(file);
    linkSync(draft, to);
  } finally {
    closeSync(file);
    rmSync(draft);
  }
}
