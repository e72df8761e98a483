import { WaifuError } from "../errors.ts";
import { discardCapture } from "../instances/capture.ts";
import type { FanOut } from "../nodes/fan-out.ts";
import { withImageLock, withNodeLock } from "../nodes/lock.ts";
import { decideDelete, deleteTemplate } from "../templates/delete.ts";
import { discardPreparation, prepareTemplates } from "../templates/prepare.ts";
import { removeUnused } from "../templates/removal.ts";
import { repairTemplates } from "../templates/repair.ts";
import { resolveTemplate } from "../templates/resolve.ts";
import { type Cut, done, type Recovered } from "./cut.ts";

/** An image that had yet to come is fetched by whoever wants it next; one that was there may be the only one, and is made the template it was to be. */
export async function recoverPreparation({ cluster, operation, way, node, watch }: Cut): Promise<Recovered> {
  const digest = operation.uuid;
  const hasFetched = operation.stages[0]?.startsWith("fetch ") ?? false;
  if (way === "resume" || (way === "usual" && !hasFetched)) {
    const template = resolveTemplate(cluster, digest, []);
    orThrow(await prepareTemplates(cluster, template, [node], watch));
    return done("it was prepared after all");
  }
  const isReady = await withImageLock(cluster, node, digest, watch, () =>
    discardPreparation(cluster, { digest, hasFetched }, node),
  );
  return isReady ? done("it was ready") : { outcome: "undone", said: "what was unfinished was removed" };
}

export async function recoverCapture({ cluster, operation, node, watch }: Cut): Promise<Recovered> {
  const isKnown = await withNodeLock(cluster, node, watch, () =>
    discardCapture(cluster, node, operation.uuid),
  );
  if (isKnown) return done("its image is a version already");
  return { outcome: "undone", said: "the unfinished copy was removed" };
}

export async function recoverRepair({ cluster, operation, node, watch }: Cut): Promise<Recovered> {
  const template = resolveTemplate(cluster, operation.uuid, []);
  orThrow(await repairTemplates(cluster, template, [node], watch));
  return done("it was repeated");
}

/** What somebody cloned since stays. A delete goes on to the other nodes, and to what is known here. */
export async function recoverTemplateRemoval(cut: Cut): Promise<Recovered> {
  const { cluster, operation, verb, node, watch } = cut;
  const [name = ""] = operation.instance.split("@");
  const digest = operation.uuid;
  const removed = orThrow(await removeUnused(cluster, node, { name, digest }, verb, watch));
  if (verb === "template delete") {
    try {
      const deletion = await decideDelete(cluster, digest, watch.signal);
      orThrow(await deleteTemplate(cluster, deletion, watch));
    } catch (error) {
      if (!(error instanceof WaifuError && error.code === "not-found")) throw error;
    }
  }
  return done(removed.length > 0 ? "it was removed after all" : "nothing was left to remove");
}

function orThrow<T>({ answers, failures: [failure] }: FanOut<T>): readonly T[] {
  if (failure !== undefined) throw failure.error;
  return answers;
}
