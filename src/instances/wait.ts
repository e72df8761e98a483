import { WaifuError } from "../errors.ts";
import { isActive } from "../libvirt/domain-list.ts";
import type { Cluster } from "../nodes/cluster.ts";
import { probeDomains } from "../nodes/probe.ts";
import type { Watch } from "../nodes/run-plan.ts";
import { peekHostKey } from "../ssh/handshake.ts";
import { findAddress } from "./address.ts";
import { diagnose } from "./diagnosis.ts";
import { gatherEvidence } from "./evidence.ts";
import type { Instance } from "./locate.ts";

const PAUSE_MS = 1_000;
/** How often libvirt is asked whether the guest is still there at all. */
const LOOK_EVERY = 10;

/**
 * Waits until the guest's SSH server answers with the host key of its seed: then cloud-init has made its users too. Where the seed brings no
 * host key any SSH server will do. Gives the address; throws `not-ready`, with the likely cause, when the time is up or the guest is off.
 */
export async function waitUntilReady(
  cluster: Cluster,
  instance: Instance,
  timeoutMs: number,
  watch: Watch,
): Promise<string> {
  const { node, spec } = instance;
  const step = watch.reporter.step(`wait until ${spec.name} answers`);
  const deadline = cluster.now().getTime() + timeoutMs;
  for (let look = 1; cluster.now().getTime() < deadline; look++) {
    const found = await findAddress(cluster, instance, watch.signal);
    step.update(found === undefined ? "no address yet" : `at ${found.address}`);
    if (found !== undefined && (await answers(cluster, instance, found.address))) {
      step.done(`at ${found.address}`);
      return found.address;
    }
    if (look % LOOK_EVERY === 0 && !(await isOn(cluster, instance, watch.signal))) break;
    await Bun.sleep(PAUSE_MS);
    watch.signal?.throwIfAborted();
  }
  step.failed();
  const { cause, hint } = diagnose(spec.name, await gatherEvidence(cluster, instance, watch.signal));
  throw new WaifuError(
    "not-ready",
    `${spec.name} was made on node ${node.name}, but does not answer on SSH yet: ${cause}`,
    {
      node: node.name,
      instance: spec.name,
      hint: `${hint}. All the evidence: waifuctl ip ${spec.name} --why`,
    },
  );
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
