import type { Database } from "bun:sqlite";

export type RestartCount = {
  readonly count: number;
  /** ISO 8601, UTC. */
  readonly lastAt: string;
};

/** How often an instance was started again since it last ran well: what back-off and giving up go by. */
export interface Restarts {
  of(uuid: string): RestartCount | undefined;
  note(uuid: string, at: string): void;
  clear(uuid: string): void;
}

export function restarts(database: Database): Restarts {
  return {
    of: (uuid) =>
      database
        .query<RestartCount, [string]>("SELECT count, last_at AS lastAt FROM restarts WHERE uuid = ?")
        .get(uuid) ?? undefined,
    note: (uuid, at) => {
      database
        .query(
          `INSERT INTO restarts (uuid, count, last_at) VALUES (?1, 1, ?2)
           ON CONFLICT (uuid) DO UPDATE SET count = count + 1, last_at = ?2`,
        )
        .run(uuid, at);
    },
    clear: (uuid) => {
      database.query("DELETE FROM restarts WHERE uuid = ?").run(uuid);
    },
  };
}
