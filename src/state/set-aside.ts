import type { Database } from "bun:sqlite";
import { existsSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { takeFileLock } from "./run-lock.ts";

/** SQLite can make nothing of the file's bytes. */
export function isDamage(error: unknown): boolean {
  return (
    error instanceof Error &&
    "code" in error &&
    (error.code === "SQLITE_NOTADB" || String(error.code).startsWith("SQLITE_CORRUPT"))
  );
}

/** SQLite would take it for a new file, and throw away the write-ahead log: all that is left. */
export function isCutShort(path: string): boolean {
  const sizeOf = (file: string) => statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  return existsSync(path) && sizeOf(path) < 512 && sizeOf(`${path}-wal`) > 0;
}

const suspicion = (path: string) => `${path}.suspect`;

/** Damage was met on the way: whoever opens the file next looks at all of it, which takes too long to be done each time. */
export function suspect(path: string): void {
  writeFileSync(suspicion(path), "");
}

/** False when somebody suspected the file, and was right. */
export function isSound(path: string, database: Database): boolean {
  if (!existsSync(suspicion(path))) return true;
  const row = database.query<{ integrity_check: string }, []>("PRAGMA integrity_check(1)").get();
  if (row?.integrity_check !== "ok") return false;
  rmSync(suspicion(path), { force: true });
  return true;
}

/**
 * Moves a damaged state file out of the way, whole: with what its write-ahead log still holds, `sqlite3 FILE .recover` may yet read it.
 * Gives its new path; undefined when it is found mended: another waifuctl has set it aside meanwhile, and begun a new file.
 */
export function setAside(path: string, isMended: () => boolean): string | undefined {
  const lock = takeFileLock(`${path}.aside`, 5_000);
  try {
    if (isMended()) return undefined;
    const aside = `${path}.damaged-${new Date().toISOString().replaceAll(":", "")}`;
    for (const end of ["-wal", "-shm", ""]) {
      if (existsSync(path + end)) renameSync(path + end, aside + end);
    }
    rmSync(suspicion(path), { force: true });
    return aside;
  } finally {
    lock.release();
  }
}
