import { parseExit, parseStarted, readExit, startInGuest } from "../libvirt/guest-agent.ts";
import type { Cluster } from "../nodes/cluster.ts";
import type { Instance } from "./locate.ts";

const PAUSE_MS = 500;

/**
 * What cloud-init could not do, as the guest's agent tells it: names of modules, mostly. Nothing when there is no agent. Where the seed comes
 * over HTTP nothing is missed: cloud-init's end is waited for, until the deadline (Unix time in milliseconds).
 */
export async function cloudInitErrors(
  cluster: Cluster,
  { node, spec }: Instance,
  deadline: number,
  signal?: AbortSignal,
): Promise<string[]> {
  const runner = await cluster.connect(node);
  const [uri, uuid] = [node.libvirtUri, spec.uuid];
  const wait = spec.seed === "http" ? ["--wait"] : [];
  const started = await runner.run(
    startInGuest(uri, uuid, "cloud-init", "status", "--format", "json", ...wait),
    signal,
  );
  const pid = parseStarted(started.stdout);
  while (pid !== undefined && cluster.now().getTime() < deadline) {
    const output = parseExit((await runner.run(readExit(uri, uuid, pid), signal)).stdout);
    if (output !== undefined) return errorsIn(output);
    await Bun.sleep(PAUSE_MS);
    signal?.throwIfAborted();
  }
  return [];
}

/** cloud-init's own warnings are no errors: that the guest has no DSA host key to tell of, say. */
function errorsIn(status: string): string[] {
  // A dot for each moment of waiting may stand before it.
  const found = /^\.*\s*\{/.test(status) ? JSON.parse(status.slice(status.indexOf("{"))).errors : undefined;
  if (!Array.isArray(found)) return [];
  return found.map((error) => /^\('([\w-]+)'/.exec(String(error))?.[1] ?? String(error));
}
