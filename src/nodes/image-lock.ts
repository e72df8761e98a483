import type { NodeConfig } from "../config/cluster-config.ts";
import { takeLock } from "../ssh/node-lock.ts";
import { imageLockPath } from "../storage/image-work.ts";
import type { Cluster } from "./cluster.ts";
import type { Watch } from "./run-plan.ts";

/** Somebody else may be fetching it over a slow line. */
const WAIT_MS = 3_600_000;

/**
 * Works on one image of a node, and on the template made of it, while no other waifuctl does. The node itself stays free for other
 * changes. The work gets a watch whose signal also ends when the lock is no longer surely ours. Throws `locked`, with the holder.
 */
export async function withImageLock<T>(
  cluster: Cluster,
  node: NodeConfig,
  digest: string,
  watch: Watch,
  work: (watch: Watch) => Promise<T>,
): Promise<T> {
  const options = {
    owner: `${cluster.operator} ${process.pid}`,
    waitMs: WAIT_MS,
    path: imageLockPath(digest),
  };
  const lock = await takeLock(await cluster.connect(node), options, watch.signal);
  try {
    const signals = [lock.lost, watch.signal].filter((signal) => signal !== undefined);
    return await work({ ...watch, signal: AbortSignal.any(signals) });
  } finally {
    await lock.release();
  }
}
