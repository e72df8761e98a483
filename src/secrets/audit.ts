import type { NodeConfig } from "../config/cluster-config.ts";
import type { SecretRead } from "../metadata/secret-record.ts";
import type { Cluster } from "../nodes/cluster.ts";
import { type NodeFailure, onEveryNode } from "../nodes/fan-out.ts";
import { probeDomains } from "../nodes/probe.ts";
import type { AuditEntry, AuditedPart } from "../state/audit.ts";
import { readsOf } from "./reads.ts";

export type AuditReport = {
  /** The newest last. */
  readonly entries: readonly AuditEntry[];
  readonly failures: readonly NodeFailure[];
};

/** What was done from here, and each time that a guest read one of its secrets, as far as its node still knows. */
export async function readAudit(
  cluster: Cluster,
  which: AuditedPart,
  signal?: AbortSignal,
): Promise<AuditReport> {
  const { answers, failures } = await onEveryNode(cluster.config.nodes, (node) =>
    readsOn(cluster, node, which, signal),
  );
  const entries = [...cluster.state.audit.read(which), ...answers.flat()];
  return { entries: entries.sort((a, b) => (a.at < b.at ? -1 : 1)), failures };
}

async function readsOn(
  cluster: Cluster,
  node: NodeConfig,
  { instance, since = "" }: AuditedPart,
  signal?: AbortSignal,
): Promise<AuditEntry[]> {
  const domains = await probeDomains(cluster, node, signal);
  const guests = domains.flatMap(({ spec }) =>
    spec?.seed === "http" && (instance ?? spec.name) === spec.name ? [spec] : [],
  );
  const found = await readsOf(cluster, node, guests, signal);
  const entries = found.flatMap(({ spec, reads }) =>
    reads.map((read) => toEntry(read, spec.name, node.name)),
  );
  return entries.filter(({ at }) => at >= since);
}

function toEntry({ at, address, key }: SecretRead, instance: string, node: string): AuditEntry {
  const operator = `${instance} (${address})`;
  return { at, operator, verb: "secret read", instance, node, outcome: "done", ms: 0, detail: key };
}
