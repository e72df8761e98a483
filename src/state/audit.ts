import type { Database } from "bun:sqlite";

/** Who did what, where, and how it ended. */
export type AuditEntry = {
  /** When it ended: ISO 8601, UTC. */
  readonly at: string;
  /** user@host */
  readonly operator: string;
  readonly verb: string;
  readonly instance: string;
  readonly node: string;
  readonly outcome: string;
  readonly ms: number;
  /** What went wrong, or empty. */
  readonly detail: string;
};

/** Of one instance, or what ended since some time: ISO 8601, UTC. */
export type AuditedPart = { readonly instance?: string; readonly since?: string };

export interface Audit {
  /** The newest last. */
  read(which: AuditedPart): AuditEntry[];
  /** For what leaves no journal row; each operation's end is here of itself. */
  add(entry: AuditEntry): void;
}

export function audit(database: Database): Audit {
  return {
    read: ({ instance, since }) =>
      database
        .query<AuditEntry, [string | null, string]>(
          `SELECT at, operator, verb, instance, node, outcome, ms, COALESCE(detail, '') AS detail
           FROM audit WHERE instance = COALESCE(?1, instance) AND at >= ?2 ORDER BY at, id`,
        )
        .all(instance ?? null, since ?? ""),
    add: ({ at, operator, verb, instance, node, outcome, ms, detail }) => {
      database
        .query(
          "INSERT INTO audit (at, operator, verb, instance, node, outcome, ms, detail) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .run(at, operator, verb, instance, node, outcome, ms, detail);
    },
  };
}
