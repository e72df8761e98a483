import { WaifuError } from "../errors.ts";
import { isActive } from "../libvirt/domain-list.ts";
import type { Cluster } from "../nodes/cluster.ts";
import { probeDomains } from "../nodes/probe.ts";
import type { Watch } from "../nodes/run-plan.ts";
import { peekHostKey } from "../ssh/handshake.ts";
import { type BootState, lookAtBoot } from "./boot.ts";
import { cloudInitErrors } from "./cloud-init-errors.ts";
import { diagnose } from "./diagnosis.ts";
import { gatherEvidence } from "./evidence.ts";
import type { Instance } from "./locate.ts";

const PAUSE_MS = 1_000;
/** How often libvirt is asked whether the guest is still there at all. */
const LOOK_EVERY = 10;

/** What to wait for: an address that the guest has taken, or a guest that can be used. */
export type WaitGoal = "lease" | "ready";

export type Awakening = {
  readonly address: string;
  /** `degraded`: it can be used, but cloud-init failed in part. */
  readonly state: "booting" | "running" | "degraded";
};

/**
 * Waits until the guest has its address, or is ready: it phoned home, or its SSH server answers with the host key of its seed; then cloud-init
 * has made its users too. Where the seed brings no host key any SSH server will do. Throws `not-ready`, with the likely cause, when the time is
 * up or the guest is off.
 */
export async function waitForGuest(
  cluster: Cluster,
  instance: Instance,
  goal: WaitGoal,
  timeoutMs: number,
  watch: Watch,
): Promise<Awakening> {
  const { node, spec } = instance;
  const step = watch.reporter.step(
    `wait until ${spec.name} ${goal === "lease" ? "has its address" : "answers"}`,
  );
  const deadline = cluster.now().getTime() + timeoutMs;
  let state: BootState = "defined";
  for (let look = 1; cluster.now().getTime() < deadline; look++) {
    const boot = await lookAtBoot(cluster, instance, state, watch.signal);
    const { address } = boot;
    state = boot.state;
    step.update(state === "defined" || address === undefined ? state : `${state}, at ${address}`);
    if (address !== undefined && (await isReached(cluster, instance, goal, { state, address }))) {
      const awakening = await judge(cluster, instance, { goal, address, deadline }, watch);
      step.done(`${awakening.state}, at ${address}`);
      return awakening;
    }
    if (look % LOOK_EVERY === 0 && !(await isOn(cluster, instance, watch.signal))) break;
    await Bun.sleep(PAUSE_MS);
    watch.signal?.throwIfAborted();
  }
  step.failed();
  const { cause, hint } = diagnose(spec.name, await gatherEvidence(cluster, instance, watch.signal));
  throw new WaifuError(
    "not-ready",
    `${spec.name} was made on node ${node.name}, but ${goal === "lease" ? "has taken no address" : "does not answer on SSH"} yet: ${cause}`,
    {
      node: node.name,
      instance: spec.name,
      hint: `${hint}. All the evidence: waifuctl ip ${spec.name} --why`,
    },
  );
}

async function isReached(
  cluster: Cluster,
  instance: Instance,
  goal: WaitGoal,
  { state, address }: { readonly state: BootState; readonly address: string },
): Promise<boolean> {
  if (goal === "lease") return state !== "defined";
  return state === "running" || (await answers(cluster, instance, address));
}

async function judge(
  cluster: Cluster,
  instance: Instance,
  {
    goal,
    address,
    deadline,
  }: { readonly goal: WaitGoal; readonly address: string; readonly deadline: number },
  { reporter, signal }: Watch,
): Promise<Awakening> {
  if (goal === "lease") return { address, state: "booting" };
  const errors = await cloudInitErrors(cluster, instance, deadline, signal);
  if (errors.length === 0) return { address, state: "running" };
  reporter.warn(`cloud-init failed in ${instance.spec.name}: ${errors.join("; ")}`);
  return { address, state: "degraded" };
}

async function answers(cluster: Cluster, { node, spec }: Instance, address: string): Promise<boolean> {
  try {
    const runner = await cluster.connect(node);
    const { type, base64 } = await peekHostKey(await runner.forward(address, 22), PAUSE_MS * 10);
    return spec.hostKey === undefined || spec.hostKey.startsWith(`${type} ${base64}`);
  } catch (error) {
    // Refused, no route yet, or hung up half-way: it is booting. A lost node is another matter.
    if (error instanceof WaifuError && error.code === "outcome-unknown") throw error;
    return false;
  }
}

async function isOn(
  cluster: Cluster,
  { node, spec }: Instance,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const domains = await probeDomains(cluster, node, signal);
  return domains.some((domain) => domain.uuid === spec.uuid && isActive(domain.state));
}
