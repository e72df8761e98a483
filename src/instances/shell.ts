import { WaifuError } from "../errors.ts";
import { isActive } from "../libvirt/domain-list.ts";
import type { Cluster } from "../nodes/cluster.ts";
import type { Watch } from "../nodes/run-plan.ts";
import { openGuestShell } from "../ssh/guest-shell.ts";
import { fingerprint, type HostKey } from "../ssh/host-key.ts";
import type { RemoteProcess, TerminalSize } from "../ssh/runner.ts";
import { findAddress } from "./address.ts";
import { toldHostKeys } from "./boot.ts";
import { diagnose } from "./diagnosis.ts";
import { gatherEvidence } from "./evidence.ts";
import { type Instance, locateInstance } from "./locate.ts";

export type ShellRequest = {
  readonly name: string;
  /** The seed's user when absent. */
  readonly user?: string;
  readonly identityFile?: string;
  /** A login shell when absent. */
  readonly command?: readonly string[];
  readonly terminal?: TerminalSize;
  /** How long a guest that does not answer yet is tried. */
  readonly timeoutMs: number;
};

const PAUSE_MS = 1_000;

/**
 * Logs in to an instance through its node's connection, so the guest needs no route to here, and checks the host key that its seed gave it.
 * Throws `refused` when it is off, `auth`, `host-key`, or `not-ready` with the likely cause.
 */
export async function openShell(
  cluster: Cluster,
  request: ShellRequest,
  watch: Watch,
): Promise<RemoteProcess> {
  const instance = await locateInstance(cluster, request.name, watch.signal);
  if (!isActive(instance.state)) {
    throw new WaifuError("refused", `${request.name} on node ${instance.node.name} is ${instance.state}`, {
      node: instance.node.name,
      instance: request.name,
      hint: `waifuctl start ${request.name}`,
    });
  }
  const deadline = cluster.now().getTime() + request.timeoutMs;
  for (;;) {
    try {
      return await logIn(cluster, instance, request, watch);
    } catch (error) {
      if (!isPassing(error)) throw error;
      if (cluster.now().getTime() > deadline) throw await notReady(cluster, instance, error, watch);
    }
    await Bun.sleep(PAUSE_MS);
    watch.signal?.throwIfAborted();
  }
}

async function logIn(
  cluster: Cluster,
  instance: Instance,
  request: ShellRequest,
  watch: Watch,
): Promise<RemoteProcess> {
  const { node, spec } = instance;
  const found = await findAddress(cluster, instance, watch.signal);
  if (found === undefined)
    throw new WaifuError("unreachable", `${spec.name} has no address yet`, { instance: spec.name });
  const known =
    spec.hostKey === undefined ? await toldHostKeys(cluster, instance, watch.signal) : [spec.hostKey];
  const runner = await cluster.connect(node);
  return await openGuestShell(cluster.dialer, {
    stream: await runner.forward(found.address, 22),
    instance: spec.name,
    user: request.user ?? spec.user,
    identityFile: request.identityFile ?? cluster.config.defaults.sshKeyFile?.replace(/\.pub$/, ""),
    command: request.command,
    terminal: request.terminal,
    checkHostKey: (key) => checkGuestKey(instance, known, key, watch),
  });
}

/** By the seed's own host key, else by those that the guest told the metadata service. */
function checkGuestKey(
  { spec, node }: Instance,
  known: readonly string[],
  key: HostKey,
  { reporter }: Watch,
): void {
  const shown = `${key.type} ${fingerprint(key)}`;
  if (known.length === 0) {
    reporter.note(`${spec.name} has host keys of its own making, not checked: ${shown}`);
    return;
  }
  const source = spec.hostKey === undefined ? "it did not tell its node" : "its seed did not give it";
  if (known.some((line) => line.startsWith(`${key.type} ${key.base64}`))) return;
  throw new WaifuError(
    "host-key",
    `${spec.name} on node ${node.name} shows a host key that ${source}: ${shown}`,
    {
      node: node.name,
      instance: spec.name,
      hint: `If you changed its host keys yourself, compare on its console: waifuctl console ${spec.name}`,
    },
  );
}

/** While it boots nothing listens, then perhaps an SSH server that has not got its seed's host key yet. */
function isPassing(error: unknown): boolean {
  return error instanceof WaifuError && (error.code === "unreachable" || error.code === "host-key");
}

async function notReady(
  cluster: Cluster,
  instance: Instance,
  last: unknown,
  watch: Watch,
): Promise<WaifuError> {
  const { spec, node } = instance;
  if (last instanceof WaifuError && last.code === "host-key") return last;
  const { cause, hint } = diagnose(spec.name, await gatherEvidence(cluster, instance, watch.signal));
  return new WaifuError("not-ready", `${spec.name} on node ${node.name} does not answer on SSH: ${cause}`, {
    node: node.name,
    instance: spec.name,
    hint: `${hint}. All the evidence: waifuctl ip ${spec.name} --why`,
    cause: last,
  });
}
