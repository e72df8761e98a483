import type { NodeConfig } from "../config/cluster-config.ts";
import { WaifuError } from "../errors.ts";
import type { InstanceSpec } from "../instance-spec.ts";
import { toCandidate, unavailableCandidate } from "../nodes/candidate.ts";
import { type Cluster, nodeNamed } from "../nodes/cluster.ts";
import { type FanOut, onEveryNode } from "../nodes/fan-out.ts";
import { withNodeLock } from "../nodes/lock.ts";
import type { Plan } from "../nodes/plan.ts";
import { type NodeProbe, probeNode } from "../nodes/probe.ts";
import { runPlan, until, type Watch } from "../nodes/run-plan.ts";
import { type Placement, place } from "../placement/place.ts";
import { decideDelete, deleteInstance } from "./delete.ts";
import { chooseDiskSize } from "./disk-size.ts";
import type { CreateRequest, Draft } from "./draft.ts";
import { checkInstanceName } from "./name.ts";
import { withNameClaim } from "./name-claim.ts";
import { noFit } from "./no-fit.ts";
import { planRemoval } from "./removal.ts";
import { checkNameIsFree } from "./taken-name.ts";
import { type Awakening, type WaitGoal, waitForGuest } from "./wait.ts";

export type Creation = {
  readonly spec: InstanceSpec;
  readonly node: NodeConfig;
  readonly placement: Placement;
  readonly plan: Plan;
  readonly draft: Draft;
  readonly probe: NodeProbe;
  readonly answered: readonly NodeConfig[];
};

/**
 * Gathers and decides; changes nothing. `preparation` is what comes first, where the node lacks the template. Throws `usage`, `exists`,
 * `not-found`, `refused`, or `no-fit` with each node's reason.
 */
export async function decideCreate(
  cluster: Cluster,
  request: CreateRequest,
  watch: Watch,
): Promise<Creation & { readonly preparation?: Plan }> {
  checkRequest(cluster, request);
  const decided = await decide(cluster, request, watch.signal);
  tellOfSecrets(decided, watch);
  if (hasTemplate(decided)) return decided;
  const { planPreparations } = await import("../templates/prepare.ts");
  const preparation = only(await planPreparations(cluster, decided.draft.template, [decided.node], watch));
  return { ...decided, preparation };
}

/** Before any node is asked. */
function checkRequest(cluster: Cluster, request: CreateRequest): void {
  if (request.name !== undefined) checkInstanceName(request.name);
  if (request.node !== undefined) nodeNamed(cluster, request.node);
}

async function decide(cluster: Cluster, request: CreateRequest, signal?: AbortSignal): Promise<Creation> {
  const looking = onEveryNode(cluster.config.nodes, (node) => probeNode(cluster, node, signal));
  // Meanwhile the nodes are at work.
  const [{ draftInstance, makeGuest }, { planCreate }] = await Promise.all([
    import("./draft.ts"),
    import("./create-plan.ts"),
  ]);
  const guest = makeGuest(cluster, request);
  const view = await looking;
  signal?.throwIfAborted();
  const draft = draftInstance(cluster, request, guest, view);
  const placement = place(
    [
      ...view.answers.map((probe) => toCandidate(probe, draft.template.digest)),
      ...view.failures.map(({ node, error }) => unavailableCandidate(node, error)),
    ],
    { ...draft, node: request.node, labels: request.nodeLabels },
  );
  const probe = view.answers.find((answer) => answer.node.name === placement.chosen);
  if (probe === undefined) throw noFit(draft.name, placement, view, request.node);
  const answered = view.answers.map(({ node }) => node);
  return { ...planCreate(draft, probe), node: probe.node, placement, draft, probe, answered };
}

/**
 * Decides, tells `onDecided`, brings the template to the node if need be, and carries it out under the node's lock; the node's part is decided
 * anew when somebody changed the node meanwhile. On any failure, and on an abort, what was made is removed again before the error is thrown.
 * Throws as `decideCreate`, and `locked`.
 */
export async function createInstance(
  cluster: Cluster,
  request: CreateRequest,
  watch: Watch,
  onDecided: (decided: Creation) => void = () => {},
): Promise<Creation> {
  checkRequest(cluster, request);
  const deciding = decide(cluster, request, watch.signal).then((decided) => {
    onDecided(decided);
    return decided;
  });
  // Only one node can be meant: its lock is fetched in the same round trip as what there is to know.
  const onlyOne = onlyNode(cluster, request);
  const node = onlyOne ?? (await deciding).node;
  const isWorthATry = onlyOne !== undefined || hasTemplate(await deciding);
  const created = isWorthATry ? await createOn(cluster, node, deciding, watch) : undefined;
  if (created !== undefined) return created;
  const prepared = await prepare(cluster, request, await deciding, watch);
  const late = await createOn(cluster, node, Promise.resolve(prepared), watch);
  if (late !== undefined) return late;
  const { name } = prepared.draft.template;
  throw new WaifuError("refused", `the template ${name} was removed from node ${node.name} meanwhile`, {
    node: node.name,
    instance: prepared.draft.name,
    hint: "Run it again.",
  });
}

/** Undefined, with nothing made, when the node lacks the template: its lock is not for holding while an image comes. */
async function createOn(
  cluster: Cluster,
  node: NodeConfig,
  deciding: Promise<Creation>,
  watch: Watch,
): Promise<Creation | undefined> {
  const undecided = new AbortController();
  deciding.catch(() => undecided.abort());
  try {
    return await withNodeLock(cluster, node, until(undecided.signal, watch), async (watch, isFresh) => {
      const first = await deciding;
      const creation = isFresh(first.probe) ? first : await decideAgain(cluster, first, watch.signal);
      const make = (watch: Watch) => carryOut(cluster, creation, watch);
      return hasTemplate(creation) ? await withNameClaim(cluster, creation, watch, make) : undefined;
    });
  } catch (error) {
    // What kept it from being decided is what to tell, not that the lock was given up for it.
    await deciding;
    throw error;
  }
}

function hasTemplate({ probe, draft }: Creation): boolean {
  return probe.storage.templates.some(({ digest }) => digest === draft.template.digest);
}

/** Brings the template to the node; what it says of its disk may make the instance's bigger. */
async function prepare(
  cluster: Cluster,
  request: CreateRequest,
  decided: Creation,
  watch: Watch,
): Promise<Creation> {
  const { node, draft } = decided;
  const { prepareTemplates } = await import("../templates/prepare.ts");
  const { virtualBytes } = only(await prepareTemplates(cluster, draft.template, [node], watch));
  const template = { ...draft.template, virtualBytes };
  const diskBytes = chooseDiskSize(request.diskBytes, cluster.config.defaults.diskBytes, template);
  return await decideAgain(cluster, { ...decided, draft: { ...draft, template, diskBytes } }, watch.signal);
}

/** What one node answered. */
function only<T>({ answers: [answer], failures: [failure] }: FanOut<T>): T {
  if (failure !== undefined || answer === undefined) throw failure?.error;
  return answer;
}

function onlyNode({ config }: Cluster, { node }: CreateRequest): NodeConfig | undefined {
  const candidates = config.nodes.filter(({ name }) => name === (node ?? name));
  return candidates.length === 1 ? candidates[0] : undefined;
}

async function carryOut(cluster: Cluster, creation: Creation, watch: Watch): Promise<Creation> {
  const { spec, node, plan } = creation;
  tellOfSecrets(creation, watch);
  await runPlan(cluster, plan, watch, async () => {
    const probe = await probeNode(cluster, node);
    await runPlan(cluster, removalOf(cluster, spec, probe), { reporter: watch.reporter });
  });
  cluster.state.instances.remember({
    spec,
    node: node.name,
    state: "running",
    seenAt: cluster.now().toISOString(),
  });
  return creation;
}

/** Whoever labelled it may count on what the label brings. */
function tellOfSecrets({ spec, draft }: Creation, { reporter }: Watch): void {
  if (draft.secrets.length > 0 && spec.seed !== "http")
    reporter.warn(`${spec.name} gets no secrets of its labels: its seed is a disk; --seed http brings them`);
}

/**
 * Waits until the guest has its address or is ready. An interruption still undoes the whole create; a guest that is merely slow stays
 * (`not-ready`).
 */
export async function awaitCreated(
  cluster: Cluster,
  { spec, node }: Creation,
  goal: WaitGoal,
  timeoutMs: number,
  watch: Watch,
): Promise<Awakening> {
  const instance = { node, spec, state: "running" as const, cpus: spec.cpus, memoryBytes: spec.memoryBytes };
  try {
    return await waitForGuest(cluster, instance, goal, timeoutMs, watch);
  } catch (error) {
    if (watch.signal?.aborted !== true) throw error;
    watch.reporter.note(`Undoing what was made on ${node.name}.`);
    await deleteInstance(cluster, await decideDelete(cluster, spec.name), { reporter: watch.reporter });
    throw new WaifuError("interrupted", `interrupted: ${spec.name} is gone from node ${node.name} again`, {
      node: node.name,
      instance: spec.name,
      hint: "With --no-wait, create does not wait for the guest.",
      cause: error,
    });
  }
}

async function decideAgain(cluster: Cluster, decided: Creation, signal?: AbortSignal): Promise<Creation> {
  const { draft, node } = decided;
  const probe = await probeNode(cluster, node, signal);
  const { planCreate } = await import("./create-plan.ts");
  checkNameIsFree(draft.name, [probe]);
  const candidate = toCandidate(probe, draft.template.digest);
  const placement = place([candidate], { ...draft, labels: {} });
  if (placement.chosen === undefined) throw noFit(draft.name, placement, { answers: [probe], failures: [] });
  return { ...decided, ...planCreate(draft, probe), draft, probe };
}

function removalOf({ now }: Cluster, spec: InstanceSpec, probe: NodeProbe): Plan {
  return {
    verb: "undo create",
    instance: spec.name,
    uuid: spec.uuid,
    node: probe.node,
    stages: planRemoval(probe, spec, now()),
  };
}
