import type { Cluster } from "../../src/nodes/cluster.ts";
import { decideRecovery, type Way } from "../../src/recovery/decide.ts";
import { recover } from "../../src/recovery/recover.ts";
import type { Operation } from "../../src/state/journal.ts";
import { createRecordingReporter } from "../recording-reporter.ts";
import { spec } from "../spec.ts";

/** Journals an operation as one that was cut off, and recovers it. */
export async function recoverCutOff(cluster: Cluster, cut: Partial<Operation>, way?: Way) {
  cluster.state.journal.begin({
    id: "1",
    verb: "create",
    instance: spec.name,
    uuid: spec.uuid,
    node: "n1",
    stages: [],
    ...cut,
  });
  const [operation] = cluster.state.journal.open();
  if (operation === undefined) throw new Error("nothing was begun");
  const reporter = createRecordingReporter();
  const recovered = await recover(cluster, decideRecovery(operation, way), { reporter });
  return { ...recovered, lines: reporter.lines };
}

/** How each operation of the journal stands, in order. */
export const outcomes = ({ state }: Cluster) =>
  state.journal.recent({ limit: 99 }).map(({ verb, outcome }) => `${verb}: ${outcome}`);
