import type { NodeConfig } from "../config/cluster-config.ts";
import { takeLock } from "../ssh/node-lock.ts";
import type { Cluster } from "./cluster.ts";
import type { Watch } from "./run-plan.ts";

/** Somebody else's `create` may be fetching an image. */
const WAIT_MS = 600_000;

/**
 * Works on one node while no other waifuctl changes it, whoever's machine it runs on. The work gets the sequence number that the lock had before,
 * and a watch whose signal also ends when the lock is no longer surely ours. Throws `locked`, with the holder, after ten minutes.
 */
export async function withNodeLock<T>(
  cluster: Cluster,
  node: NodeConfig,
  watch: Watch,
  work: (watch: Watch, previousSequence: number) => Promise<T>,
): Promise<T> {
  const options = { owner: `${cluster.operator} ${process.pid}`, waitMs: WAIT_MS };
  const lock = await takeLock(await cluster.connect(node), options, watch.signal);
  try {
    const signals = [lock.lost, watch.signal].filter((signal) => signal !== undefined);
    return await work({ ...watch, signal: AbortSignal.any(signals) }, lock.sequence);
  } finally {
    await lock.release();
  }
}
