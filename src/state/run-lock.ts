import { Database } from "bun:sqlite";
import { WaifuError } from "../errors.ts";

export type FileLock = { release(): void };

/**
 * The one lock of this state file for what must not run twice at once here. The kernel holds it, so it ends with the process, however that
 * dies; the empty file stays. Throws `locked` at once.
 */
export function takeRunLock(statePath: string): FileLock {
  // Nobody else can have that one.
  if (statePath === ":memory:") return { release: () => {} };
  return takeFileLock(`${statePath}.lock`, 0);
}

/** Throws `locked` after the wait. */
export function takeFileLock(path: string, waitMs: number): FileLock {
  const database = new Database(path, { create: true });
  try {
    database.run(`PRAGMA busy_timeout = ${waitMs}`);
    database.run("BEGIN EXCLUSIVE");
  } catch (error) {
    database.close();
    if (!(error instanceof Error && "code" in error && error.code === "SQLITE_BUSY")) throw error;
    throw new WaifuError("locked", `another waifuctl is at it: it holds ${path}`, {
      hint: `Wait for its end; who it is: fuser -v ${path}`,
      cause: error,
    });
  }
  return { release: () => database.close() };
}
