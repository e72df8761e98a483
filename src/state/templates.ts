import type { Database } from "bun:sqlite";

/** A name for exactly these bytes. */
export type TemplateRecord = {
  readonly name: string;
  /** SHA-256 of the image file as it was given, in hex. */
  readonly digest: string;
  /** A URL that nodes fetch, or an absolute path beside the operator. */
  readonly source: string;
  readonly addedAt: string;
};

type Row = { name: string; digest: string; source: string; added_at: string };

export interface Templates {
  all(): TemplateRecord[];
  find(name: string): TemplateRecord | undefined;
  /** Gives the name to another version when it was taken. */
  put(template: TemplateRecord): void;
}

export function templates(database: Database): Templates {
  const toRecord = (row: Row): TemplateRecord => ({
    name: row.name,
    digest: row.digest,
    source: row.source,
    addedAt: row.added_at,
  });
  return {
    all: () => database.query<Row, []>("SELECT * FROM templates ORDER BY name").all().map(toRecord),
    find: (name) => {
      const row = database.query<Row, [string]>("SELECT * FROM templates WHERE name = ?").get(name);
      return row === null ? undefined : toRecord(row);
    },
    put: (record) => {
      database
        .query("INSERT OR REPLACE INTO templates (name, digest, source, added_at) VALUES (?, ?, ?, ?)")
        .run(record.name, record.digest, record.source, record.addedAt);
    },
  };
}
