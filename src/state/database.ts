import { Database } from "bun:sqlite";
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { WaifuError } from "../errors.ts";

/** Each entry takes the schema one version up (`user_version`). Never edit one that was released: add the next. */
const migrations = [
  `
  CREATE TABLE instances (
    uuid    TEXT PRIMARY KEY,
    name    TEXT NOT NULL,
    node    TEXT NOT NULL,
    spec    TEXT NOT NULL,
    state   TEXT NOT NULL,
    seen_at TEXT NOT NULL
  ) STRICT;
  CREATE INDEX instances_by_node ON instances (node);

  CREATE TABLE templates (
    name     TEXT PRIMARY KEY,
    digest   TEXT NOT NULL,
    source   TEXT NOT NULL,
    added_at TEXT NOT NULL
  ) STRICT;

  CREATE TABLE journal (
    id         TEXT PRIMARY KEY,
    verb       TEXT NOT NULL,
    instance   TEXT NOT NULL,
    uuid       TEXT NOT NULL,
    node       TEXT NOT NULL,
    digest     TEXT,
    stages     TEXT NOT NULL,
    stage      INTEGER NOT NULL,
    outcome    TEXT NOT NULL CHECK (outcome IN ('running', 'done', 'undone', 'failed')),
    error      TEXT,
    host       TEXT NOT NULL,
    pid        INTEGER NOT NULL,
    started_at TEXT NOT NULL,
    ended_at   TEXT
  ) STRICT;
  CREATE INDEX journal_running ON journal (outcome) WHERE outcome = 'running';

  CREATE TABLE audit (
    id       INTEGER PRIMARY KEY,
    at       TEXT NOT NULL,
    operator TEXT NOT NULL,
    verb     TEXT NOT NULL,
    instance TEXT NOT NULL,
    node     TEXT NOT NULL,
    outcome  TEXT NOT NULL,
    ms       INTEGER NOT NULL,
    detail   TEXT
  ) STRICT;
  CREATE INDEX audit_by_instance ON audit (instance);
  `,
  `
  CREATE TABLE template_versions (
    name     TEXT NOT NULL,
    digest   TEXT NOT NULL,
    source   TEXT NOT NULL,
    added_at TEXT NOT NULL,
    details  TEXT NOT NULL,
    PRIMARY KEY (name, digest)
  ) STRICT;
  INSERT INTO template_versions (name, digest, source, added_at, details)
    SELECT name, digest, source, added_at, '{}' FROM templates;
  DROP TABLE templates;
  `,
  `
  CREATE TABLE secrets (
    scope  TEXT NOT NULL,
    key    TEXT NOT NULL,
    once   INTEGER NOT NULL,
    set_at TEXT NOT NULL,
    set_by TEXT NOT NULL,
    nonce  BLOB NOT NULL,
    sealed BLOB NOT NULL,
    PRIMARY KEY (scope, key)
  ) STRICT;
  `,
];

/** Opens the file, creating it and its folder, and brings its schema up to date. `:memory:` is for tests. */
export function openDatabase(path: string): Database {
  try {
    if (path !== ":memory:") mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const database = new Database(path, { create: true, strict: true });
    database.run("PRAGMA busy_timeout = 5000");
    database.run("PRAGMA journal_mode = WAL");
    database.run("PRAGMA synchronous = FULL");
    database.run("PRAGMA foreign_keys = ON");
    if (versionOf(database) !== migrations.length) migrate(database, path);
    return database;
  } catch (error) {
    if (error instanceof WaifuError) throw error;
    throw new WaifuError(
      "config",
      `can't open the state file ${path}: ${error instanceof Error ? error.message : error}`,
      {
        hint: "Set `state` in cluster.toml to a file you may write. Losing the file loses no VM.",
        cause: error,
      },
    );
  }
}

function migrate(database: Database, path: string): void {
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
