import type { Database } from "bun:sqlite";

/** A secret as it lies here: under a key that this file does not hold. */
export type KeptSecret = {
  /** Whom it is for: `instance UUID`, or `label KEY=VALUE`. */
  readonly scope: string;
  readonly key: string;
  readonly once: boolean;
  /** ISO 8601, UTC. */
  readonly setAt: string;
  /** user@host */
  readonly setBy: string;
  readonly nonce: Uint8Array;
  readonly sealed: Uint8Array;
};

type Row = Omit<KeptSecret, "once" | "setAt" | "setBy"> & { once: number; set_at: string; set_by: string };

export interface KeptSecrets {
  /** By scope and key. */
  all(): KeptSecret[];
  /** Replaces the one of that scope and key. */
  put(secret: KeptSecret): void;
  forget(scope: string, key: string): void;
  forgetAll(scope: string): void;
}

export function keptSecrets(database: Database): KeptSecrets {
  return {
    all: () => database.query<Row, []>("SELECT * FROM secrets ORDER BY scope, key").all().map(toSecret),
    put: ({ scope, key, once, setAt, setBy, nonce, sealed }) => {
      database
        .query(
          "INSERT OR REPLACE INTO secrets (scope, key, once, set_at, set_by, nonce, sealed) VALUES (?, ?, ?, ?, ?, ?, ?)",
        )
        .run(scope, key, once ? 1 : 0, setAt, setBy, nonce, sealed);
    },
    forget: (scope, key) => {
      database.query("DELETE FROM secrets WHERE scope = ? AND key = ?").run(scope, key);
    },
    forgetAll: (scope) => {
      database.query("DELETE FROM secrets WHERE scope = ?").run(scope);
    },
  };
}

function toSecret({ once, set_at: setAt, set_by: setBy, ...row }: Row): KeptSecret {
  return { ...row, once: once === 1, setAt, setBy };
}
