/** Each entry takes the schema one version up (`user_version`). Never edit one that was released: add the next. */
export const migrations: readonly string[] = [
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
  `
  ALTER TABLE journal ADD COLUMN operator TEXT NOT NULL DEFAULT '';
  ALTER TABLE journal ADD COLUMN birth TEXT NOT NULL DEFAULT '';
  CREATE INDEX journal_by_start ON journal (started_at);
  CREATE INDEX audit_by_time ON audit (at);

  CREATE TABLE restarts (
    uuid    TEXT PRIMARY KEY,
    count   INTEGER NOT NULL,
    last_at TEXT NOT NULL
  ) STRICT;
  `,
];
