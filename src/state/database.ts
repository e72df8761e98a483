import { Database } from "bun:sqlite";
import { accessSync, constants, existsSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { WaifuError } from "../errors.ts";
import { backupDatabase } from "./backup.ts";
import { migrations } from "./migrations.ts";
import { isCutShort, isDamage, isSound, setAside } from "./set-aside.ts";
import { stateError } from "./state-error.ts";

/** Told what became of a damaged file, for the operator to read. */
export type Tell = (text: string) => void;

/**
 * Opens the file, creating it and its folder, and brings its schema up to date; what it was before is kept beside it. A damaged file is set
 * aside and a new one begun. `:memory:` is for tests. Throws `config` for a file that can't be used, `locked` when another keeps it to itself.
 */
export function openDatabase(path: string, tell: Tell): Database {
  try {
    if (path === ":memory:") return prepare(path);
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const opened = openWhole(path);
    if (opened !== undefined) return opened;
    const aside = setAside(path, () => {
      const mended = openWhole(path);
      mended?.close();
      return mended !== undefined;
    });
    if (aside !== undefined) {
      tell(
        `The state file ${path} is damaged: it was set aside as ${aside}, and a new one begun. No VM is lost: waifuctl reconcile learns from the nodes what they know.`,
      );
    }
    return prepare(path);
  } catch (error) {
    throw stateError(error, path);
  }
}

/** Undefined when it is damaged. */
function openWhole(path: string): Database | undefined {
  if (isCutShort(path)) return undefined;
  try {
    const database = prepare(path);
    if (isSound(path, database)) return database;
    database.close();
    return undefined;
  } catch (error) {
    if (isDamage(error)) return undefined;
    throw error;
  }
}

function prepare(path: string): Database {
  const database = new Database(path, { create: true, strict: true });
  try {
    database.run("PRAGMA busy_timeout = 5000");
    database.run("PRAGMA journal_mode = WAL");
    database.run("PRAGMA synchronous = FULL");
    database.run("PRAGMA foreign_keys = ON");
    // SQLite opens what it may only read, and complains at the first write: when a node was touched already.
    if (existsSync(path)) for (const place of [path, dirname(path)]) accessSync(place, constants.W_OK);
    if (versionOf(database) !== migrations.length) migrate(database, path);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function migrate(database: Database, path: string): void {
  const before = versionOf(database);
  if (before > 0 && before < migrations.length) {
    backupDatabase(database, `${path}.before-${migrations.length}`, { isKept: true });
  }
  // The version is read again under the write lock: another waifuctl may have migrated meanwhile.
  database
    .transaction(() => {
      const version = versionOf(database);
      if (version > migrations.length) {
        throw new WaifuError("config", `${path} was written by a newer waifuctl (schema ${version})`, {
          hint: "Upgrade waifuctl, or name another file with `state` in cluster.toml.",
        });
      }
      for (const migration of migrations.slice(version)) database.run(migration);
      database.run(`PRAGMA user_version = ${migrations.length}`);
    })
    .immediate();
}

function versionOf(database: Database): number {
  return database.query<{ user_version: number }, []>("PRAGMA user_version").get()?.user_version ?? 0;
}
