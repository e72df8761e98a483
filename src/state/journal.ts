import type { Database } from "bun:sqlite";
import { WaifuError } from "../errors.ts";
import { type KnownProcess, thisProcess } from "./living-process.ts";

export type Operation = {
  readonly id: string;
  readonly verb: string;
  readonly instance: string;
  readonly uuid: string;
  readonly node: string;
  readonly stages: readonly string[];
};

export type OpenOperation = Operation &
  KnownProcess & {
    /** How many stages had begun. */
    readonly stage: number;
    /** user@host; empty in what an older waifuctl began. */
    readonly operator: string;
    readonly startedAt: string;
  };

export type Outcome = "done" | "undone" | "failed";

export type EndedOrOpenOperation = OpenOperation & {
  readonly outcome: "running" | Outcome;
  readonly error?: string;
  readonly endedAt?: string;
};

/** What is under way and what was done. Each write is on disk before the node is touched (WAL, synchronous=FULL). */
export interface Journal {
  begin(operation: Operation): void;
  stage(id: string, stage: number): void;
  /** The first end counts. One that is done has put right those of the same kind that were cut off before. */
  end(id: string, outcome: Outcome, error?: string): void;
  /** Operations without an end: under way in another process, or interrupted. */
  open(): OpenOperation[];
  /** The last ones and all open ones, in the order in which they began. */
  recent(which: { readonly limit: number }): EndedOrOpenOperation[];
  /** By its id, or the beginning of it; undefined when there is none, `usage` when there are several. */
  find(id: string): EndedOrOpenOperation | undefined;
  /**
   * Ends whatever was left open for an instance, or for a template on one node, by a verb that has since put it right. What was to be
   * removed, and now is `undone`, is done.
   */
  settle(uuid: string, outcome: Outcome, node?: string): void;
}

/** What ended longer ago, or came before so many others, is forgotten: the audit keeps it. */
const KEEP = { days: 90, operations: 10_000 };

type Row = Omit<EndedOrOpenOperation, "stages" | "startedAt" | "error" | "endedAt"> & {
  stages: string;
  started_at: string;
  error: string | null;
  ended_at: string | null;
};

/** Every ended operation leaves an audit row too: who, what, where, how long, and how it ended. */
export function journal(database: Database, operator: string, now: () => Date): Journal {
  const columns =
    "id, verb, instance, uuid, node, stages, stage, outcome, error, operator, host, pid, birth, started_at, ended_at";
  const read = (where: string, ...values: (string | number)[]) =>
    database
      .query<Row, (string | number)[]>(
        `SELECT ${columns} FROM journal WHERE ${where} ORDER BY started_at, rowid`,
      )
      .all(...values)
      .map(toOperation);
  const audit = database.query<void, [string, string, string, string]>(
    `INSERT INTO audit (at, operator, verb, instance, node, outcome, ms, detail)
     SELECT ?1, ?2, verb, instance, node, outcome, MAX(0, CAST(ROUND((julianday(?1) - julianday(started_at)) * 86400000) AS INTEGER)), ?3
     FROM journal WHERE id = ?4`,
  );
  // A few at each end, in the same commit: no verb waits for it.
  const trim = database.query<void, [string, number]>(
    `DELETE FROM journal
     WHERE rowid IN (SELECT rowid FROM journal WHERE outcome <> 'running' ORDER BY rowid LIMIT 20)
       AND (ended_at < ?1 OR rowid <= (SELECT max(rowid) FROM journal) - ?2)`,
  );
  const close = (id: string, outcome: Outcome, error = "") => {
    const at = now().toISOString();
    const { changes } = database
      .query("UPDATE journal SET outcome = ?, error = ?, ended_at = ? WHERE id = ? AND outcome = 'running'")
      .run(outcome, error || null, at, id);
    if (changes > 0) audit.run(at, operator, error, id);
  };
  // Done again to the end, it has put right what was cut off before. Secrets of other names stand in the stages.
  const sameBefore = database.query<{ id: string }, [string]>(
    `SELECT other.id FROM journal other JOIN journal this USING (verb, uuid, node)
     WHERE this.id = ? AND other.id <> this.id AND other.outcome = 'running'
       AND (other.stages = this.stages OR verb NOT LIKE 'secret %')`,
  );
  const end = database.transaction((id: string, outcome: Outcome, error?: string) => {
    close(id, outcome, error);
    if (outcome === "done") for (const other of sameBefore.all(id)) close(other.id, "done", "by a later one");
    trim.run(new Date(now().getTime() - KEEP.days * 86_400_000).toISOString(), KEEP.operations);
  }).immediate;

  return {
    begin: ({ id, verb, instance, uuid, node, stages }) => {
      const { host, pid, birth } = thisProcess();
      database
        .query(
          `INSERT INTO journal (id, verb, instance, uuid, node, stages, stage, outcome, operator, host, pid, birth, started_at)
           VALUES (?, ?, ?, ?, ?, ?, 0, 'running', ?, ?, ?, ?, ?)`,
        )
        .run(
          id,
          verb,
          instance,
          uuid,
          node,
          JSON.stringify(stages),
          operator,
          host,
          pid,
          birth,
          now().toISOString(),
        );
    },
    stage: (id, stage) => {
      database.query("UPDATE journal SET stage = ? WHERE id = ?").run(stage, id);
    },
    end,
    open: () => read("outcome = 'running'"),
    recent: ({ limit }) =>
      read(
        "outcome = 'running' OR rowid IN (SELECT rowid FROM journal ORDER BY started_at DESC, rowid DESC LIMIT ?)",
        limit,
      ),
    find: (id) => {
      const found = read("substr(id, 1, length(?1)) = ?1", id);
      const exact = found.find((operation) => operation.id === id);
      if (exact !== undefined || found.length < 2) return exact ?? found[0];
      throw new WaifuError("usage", `several operations begin with ${id}`, { hint: "Give more of its id." });
    },
    settle: (uuid, outcome, node) => {
      const rows = database
        .query<{ id: string; verb: string }, [string, string | null]>(
          "SELECT id, verb FROM journal WHERE uuid = ?1 AND node = COALESCE(?2, node) AND outcome = 'running'",
        )
        .all(uuid, node ?? null);
      for (const { id, verb } of rows) end(id, outcome === "undone" && isRemoval(verb) ? "done" : outcome);
    },
  };
}

const isRemoval = (verb: string) => /\b(delete|prune)$/.test(verb);

function toOperation({ stages, started_at, error, ended_at, ...row }: Row): EndedOrOpenOperation {
  return {
    ...row,
    stages: JSON.parse(stages),
    startedAt: started_at,
    error: error ?? undefined,
    endedAt: ended_at ?? undefined,
  };
}
