import type { NodeConfig } from "../config/cluster-config.ts";
import { takeLock } from "../ssh/node-lock.ts";
import type { Cluster } from "./cluster.ts";
import type { NodeProbe } from "./probe.ts";
import type { Watch } from "./run-plan.ts";

/** Somebody else's `create` may be fetching an image. */
const WAIT_MS = 600_000;

/** Whether a probe saw the node as it still is: it looked after the last change, before this lock was taken or since. */
export type IsFresh = (probe: Pick<NodeProbe, "sequences">) => boolean;

/**
 * Works on one node while no other waifuctl changes it, whoever's machine it runs on. The work gets a watch whose signal also ends
 * when the lock is no longer surely ours. Throws `locked`, with the holder, after ten minutes.
 */
export async function withNodeLock<T>(
  cluster: Cluster,
  node: NodeConfig,
  watch: Watch,
  work: (watch: Watch, isFresh: IsFresh) => Promise<T>,
): Promise<T> {
  const options = { owner: `${cluster.operator} ${process.pid}`, waitMs: WAIT_MS };
  const lock = await takeLock(await cluster.connect(node), options, watch.signal);
  try {
    const signals = [lock.lost, watch.signal].filter((signal) => signal !== undefined);
    const sinceLastChange = [lock.sequence, lock.sequence + 1];
    const isFresh: IsFresh = ({ sequences }) => sequences.every((seen) => sinceLastChange.includes(seen));
    return await work({ ...watch, signal: AbortSignal.any(signals) }, isFresh);
  } finally {
    await lock.release();
  }
}
