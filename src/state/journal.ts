import type { Database } from "bun:sqlite";
import { hostname } from "node:os";

export type Operation = {
  readonly id: string;
  readonly verb: string;
  readonly instance: string;
  readonly uuid: string;
  readonly node: string;
  readonly stages: readonly string[];
};

export type OpenOperation = Operation & {
  /** How many stages had begun. */
  readonly stage: number;
  readonly host: string;
  readonly pid: number;
  readonly startedAt: string;
};

export type Outcome = "done" | "undone" | "failed";

/** What is under way and what was done. Each write is on disk before the node is touched (WAL, synchronous=FULL). */
export interface Journal {
  begin(operation: Operation): void;
  stage(id: string, stage: number): void;
  end(id: string, outcome: Outcome, error?: string): void;
  /** Operations without an end: under way in another process, or interrupted. */
  open(): OpenOperation[];
  /** Ends whatever was left open for an instance, or for a template on one node, by a verb that has since put it right. */
  settle(uuid: string, outcome: Outcome, node?: string): void;
}

type Row = Omit<OpenOperation, "stages" | "startedAt"> & {
  stages: string;
  started_at: string;
};

/** Every ended operation leaves an audit row too: who, what, where, how long, and how it ended. */
export function journal(database: Database, operator: string, now: () => Date): Journal {
  const audit = database.query<void, [string, string, string, string]>(
    `INSERT INTO audit (at, operator, verb, instance, node, outcome, ms, detail)
     SELECT ?1, ?2, verb, instance, node, outcome, CAST((julianday(?1) - julianday(started_at)) * 86400000 AS INTEGER), ?3
     FROM journal WHERE id = ?4`,
  );
  const end = database.transaction((id: string, outcome: Outcome, error?: string) => {
    const at = now().toISOString();
    database
      .query("UPDATE journal SET outcome = ?, error = ?, ended_at = ? WHERE id = ?")
      .run(outcome, error ?? null, at, id);
    audit.run(at, operator, error ?? "", id);
  }).immediate;

  return {
    begin: (operation) => {
      database
        .query(
          `INSERT INTO journal (id, verb, instance, uuid, node, stages, stage, outcome, host, pid, started_at)
           VALUES (?, ?, ?, ?, ?, ?, 0, 'running', ?, ?, ?)`,
        )
        .run(
          operation.id,
          operation.verb,
          operation.instance,
          operation.uuid,
          operation.node,
          JSON.stringify(operation.stages),
          hostname(),
          process.pid,
          now().toISOString(),
        );
    },
    stage: (id, stage) => {
      database.query("UPDATE journal SET stage = ? WHERE id = ?").run(stage, id);
    },
    end,
    open: () =>
      database
        .query<Row, []>(
          `SELECT id, verb, instance, uuid, node, stages, stage, host, pid, started_at
           FROM journal WHERE outcome = 'running' ORDER BY started_at`,
        )
        .all()
        .map(({ started_at, stages, ...row }) => ({
          ...row,
          stages: JSON.parse(stages),
          startedAt: started_at,
        })),
    settle: (uuid, outcome, node) => {
      const ids = database
        .query<{ id: string }, [string, string | null]>(
          "SELECT id FROM journal WHERE uuid = ?1 AND node = COALESCE(?2, node) AND outcome = 'running'",
        )
        .all(uuid, node ?? null);
      for (const { id } of ids) end(id, outcome);
    },
  };
}
