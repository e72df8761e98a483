import { WaifuError } from "../errors.ts";
import type { Cluster } from "../nodes/cluster.ts";
import type { Watch } from "../nodes/run-plan.ts";
import { reported } from "../reporter.ts";
import { recoverCreate, recoverDelete } from "./creation.ts";
import type { Cut, Recovered } from "./cut.ts";
import type { Recovery } from "./decide.ts";
import { recoverEdit } from "./edit.ts";
import { recoverPower } from "./power.ts";
import { recoverSecret } from "./secret.ts";
import { recoverSetup } from "./setup.ts";
import { recoverCapture, recoverPreparation, recoverRepair, recoverTemplateRemoval } from "./template.ts";

/**
 * Carries a recovery out, as the node stands then: looked at under its lock, which must not be held by the caller. Afterwards the operation has
 * its end; when this throws it stays open, and may be recovered again.
 */
export async function recover(cluster: Cluster, recovery: Recovery, watch: Watch): Promise<Recovered> {
  const { operation } = recovery;
  const now = cluster.state.journal.find(operation.id);
  // Another recovery has put it right as well, or another waifuctl.
  if (now !== undefined && now.outcome !== "running")
    return { outcome: now.outcome, said: now.error ?? "it has ended" };
  const recovered = await reported(watch.reporter, recovery.title, () => carryOut(cluster, recovery, watch));
  cluster.state.journal.end(operation.id, recovered.outcome, recovered.said);
  return recovered;
}

/** What is not here has nothing to finish or undo: it is closed. */
const ways: Readonly<Record<string, (cut: Cut) => Promise<Recovered>>> = {
  create: recoverCreate,
  "undo create": recoverDelete,
  delete: recoverDelete,
  start: recoverPower,
  stop: recoverPower,
  reboot: recoverPower,
  reinit: recoverPower,
  edit: recoverEdit,
  "secret set": recoverSecret,
  "secret delete": recoverSecret,
  prepare: recoverPreparation,
  "template create": recoverCapture,
  "template repair": recoverRepair,
  "template delete": recoverTemplateRemoval,
  "template prune": recoverTemplateRemoval,
  "node setup": recoverSetup,
};

async function carryOut(cluster: Cluster, { operation, way }: Recovery, watch: Watch): Promise<Recovered> {
  const verb = operation.verb.replace(/^finish /, "");
  const closed: Recovered = { outcome: "failed", said: `closed as it was by ${cluster.operator}` };
  const undoes = ["create", "undo create", "prepare", "template create"].includes(verb);
  const recoverVerb = way === "undo" && !undoes ? undefined : ways[verb];
  if (recoverVerb === undefined) return closed;
  const node = cluster.config.nodes.find(({ name }) => name === operation.node);
  if (node !== undefined) return await recoverVerb({ cluster, operation, verb, way, node, watch });
  if (way === "undo") return closed;
  throw new WaifuError(
    "not-found",
    `${operation.verb} ${operation.instance} was cut off on ${operation.node}, which is no longer in ${cluster.config.path}`,
    {
      hint: `Put the node back there, or close the operation as it is: waifuctl ops undo ${operation.id}`,
    },
  );
}
