import type { Database } from "bun:sqlite";
import type { InstanceSpec } from "../instance-spec.ts";

/** An instance as it was last seen on its node. */
export type SeenInstance = {
  readonly spec: InstanceSpec;
  readonly node: string;
  readonly state: string;
  /** ISO 8601, UTC. */
  readonly seenAt: string;
};

type Row = { spec: string; node: string; state: string; seen_at: string };

export interface SeenInstances {
  all(): SeenInstance[];
  /** Replaces what was known of this node: what is not in the list is forgotten. */
  replaceNode(node: string, instances: readonly Omit<SeenInstance, "node">[]): void;
  remember(instance: SeenInstance): void;
  forget(uuid: string): void;
}

export function seenInstances(database: Database): SeenInstances {
  const insert = database.query<void, [string, string, string, string, string, string]>(
    "INSERT OR REPLACE INTO instances (uuid, name, node, spec, state, seen_at) VALUES (?, ?, ?, ?, ?, ?)",
  );
  const remember = ({ spec, node, state, seenAt }: SeenInstance) => {
    insert.run(spec.uuid, spec.name, node, JSON.stringify(spec), state, seenAt);
  };
  return {
    all: () =>
      database
        .query<Row, []>("SELECT spec, node, state, seen_at FROM instances ORDER BY name")
        .all()
        .map((row) => ({
          spec: JSON.parse(row.spec),
          node: row.node,
          state: row.state,
          seenAt: row.seen_at,
        })),
    replaceNode: database.transaction((node: string, instances: readonly Omit<SeenInstance, "node">[]) => {
      database.query("DELETE FROM instances WHERE node = ?").run(node);
      for (const instance of instances) remember({ ...instance, node });
    }).immediate,
    remember,
    forget: (uuid) => {
      database.query("DELETE FROM instances WHERE uuid = ?").run(uuid);
    },
  };
}
