import { toWaifuError, WaifuError } from "../errors.ts";
import { createInstance } from "../instances/create.ts";
import { decideDelete, deleteInstance } from "../instances/delete.ts";
import type { CreateRequest } from "../instances/draft.ts";
import { storeUserData } from "../instances/edit.ts";
import { relabelInstance } from "../instances/relabel.ts";
import { resizeInstance } from "../instances/resize.ts";
import { checkUserData } from "../metadata/user-data.ts";
import type { Cluster } from "../nodes/cluster.ts";
import type { Watch } from "../nodes/run-plan.ts";
import { prefixed } from "../reporter.ts";
import type { Work } from "./change.ts";
import { labelsOf } from "./differences.ts";
import type { Actual } from "./sight.ts";

/** Without `error` it is done. */
export type Outcome = { readonly change: Work; readonly error?: WaifuError };

export type RunOptions = {
  /** Of new instances whose description has none. */
  readonly usualUserData: CreateRequest["userData"];
  /** How long a guest may take to stop, where a change needs that. */
  readonly timeoutMs: number;
};

/**
 * Carries changes out: nodes at once, on each what makes room first, then one after another. One that fails keeps none of the others back;
 * what had not begun when the signal came is not begun.
 */
export async function runApply(
  cluster: Cluster,
  changes: readonly Work[],
  options: RunOptions,
  watch: Watch,
): Promise<Outcome[]> {
  const groups = Map.groupBy(changes, nodeOf);
  const outcomes = await Promise.all(
    [...groups.values()].map((group) => runInTurn(cluster, group, options, watch)),
  );
  return outcomes.flat();
}

async function runInTurn(
  cluster: Cluster,
  changes: readonly Work[],
  options: RunOptions,
  watch: Watch,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const isRemoval = ({ action }: Work) => Number(action === "delete");
  for (const change of changes.toSorted((one, other) => isRemoval(other) - isRemoval(one))) {
    try {
      watch.signal?.throwIfAborted();
      await carryOut(cluster, change, options, { ...watch, reporter: prefixed(watch.reporter, change.name) });
      outcomes.push({ change });
    } catch (thrown) {
      // An abort says nothing itself of whose it is.
      const isAbort = watch.signal?.aborted && !(thrown instanceof WaifuError);
      const error = isAbort
        ? new WaifuError("interrupted", `${change.name}: interrupted`)
        : toWaifuError(thrown);
      outcomes.push({ change, error });
    }
  }
  return outcomes;
}

/** Whose lock it takes first. */
function nodeOf(work: Work): string {
  return work.action === "create" ? work.node : work.actual.node.name;
}

async function carryOut(cluster: Cluster, change: Work, options: RunOptions, watch: Watch): Promise<void> {
  switch (change.action) {
    case "create":
      await createInstance(cluster, await requestOf(cluster, change, options), watch);
      return;
    case "delete":
      return await remove(cluster, change.actual, watch);
    case "replace": {
      // Whatever is wrong with it is to be known before anything is gone.
      const request = await requestOf(cluster, change, options);
      await remove(cluster, change.actual, watch);
      await createInstance(cluster, request, watch).catch((error) => {
        throw goneForGood(change, toWaifuError(error));
      });
      return;
    }
    case "change":
    case "restart":
      return await changeInstance(cluster, change, options, watch);
  }
}

async function requestOf(
  cluster: Cluster,
  { description, node, ...change }: Extract<Work, { action: "create" | "replace" }>,
  { usualUserData }: RunOptions,
): Promise<CreateRequest> {
  const { name, template, cpus, memoryBytes, diskBytes, seed, restart, userData } = description;
  return {
    name,
    template,
    node,
    nodeLabels: description.nodeLabels ?? {},
    labels: labelsOf(description, "actual" in change ? change.actual : undefined),
    cpus,
    memoryBytes,
    diskBytes,
    userData:
      userData === undefined
        ? usualUserData
        : { text: userData.text, facts: checkUserData(userData.text, userData.path) },
    sshKeys: await cluster.publicKeys(description.sshKeyFile),
    seed,
    restart,
  };
}

function goneForGood({ name, node }: Work & { action: "replace" }, cause: WaifuError): WaifuError {
  const message = `${name} is deleted, and making it anew on node ${node} failed: ${cause.message}`;
  const hint = `${cause.hint ?? ""} Then apply it again.`.trim();
  return new WaifuError("half-changed", message, { node, instance: name, hint, cause });
}

/** Never another instance that has taken the name meanwhile. */
async function remove(cluster: Cluster, { spec, node }: Actual, watch: Watch): Promise<void> {
  const deletion = await decideDelete(cluster, spec.name, watch.signal);
  if (deletion.traces.uuid !== spec.uuid) {
    throw new WaifuError("refused", `${spec.name} is another instance by now: it is left alone`, {
      node: node.name,
      instance: spec.name,
      hint: "Run it again, and look at what it would do.",
    });
  }
  await deleteInstance(cluster, deletion, watch);
}

type InPlace = Extract<Work, { action: "change" | "restart" }>;

/** What needs the guest to restart comes last: it then reads its new user-data too. */
async function changeInstance(
  cluster: Cluster,
  { what, description, actual }: InPlace,
  { timeoutMs }: RunOptions,
  watch: Watch,
): Promise<void> {
  const { history, ...instance } = actual;
  const { spec } = instance;
  const isChanged = (...names: string[]) =>
    what.some(({ field }) => names.some((name) => field.split(".")[0] === name));
  if (isChanged("labels", "set", "restart")) {
    const wishes = { labels: labelsOf(description, actual), restart: description.restart ?? spec.restart };
    await relabelInstance(cluster, instance, wishes, history?.token, watch);
  }
  const { userData } = description;
  if (isChanged("user_data") && userData !== undefined && history !== undefined) {
    const facts = checkUserData(userData.text, userData.path);
    await storeUserData(cluster, { instance, history }, { text: userData.text, facts }, watch);
  }
  if (isChanged("cpus", "memory")) {
    const { cpus = spec.cpus, memoryBytes = spec.memoryBytes } = description;
    await resizeInstance(cluster, instance, { cpus, memoryBytes }, timeoutMs, watch);
  }
}
