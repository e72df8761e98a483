import type { NodeConfig } from "../config/cluster-config.ts";
import { type NodeLock, takeLock } from "../ssh/node-lock.ts";
import { imageLockPath } from "../storage/image-work.ts";
import type { Cluster } from "./cluster.ts";
import type { NodeProbe } from "./probe.ts";
import { until, type Watch } from "./run-plan.ts";

/** Somebody else's create may be under way. */
const NODE_WAIT_MS = 600_000;
/** Somebody else may be fetching it over a slow line. */
const IMAGE_WAIT_MS = 3_600_000;

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
  return await underLock(cluster, node, { waitMs: NODE_WAIT_MS }, watch, (watch, { sequence }) => {
    const sinceLastChange = [sequence, sequence + 1];
    return work(watch, ({ sequences }) => sequences.every((seen) => sinceLastChange.includes(seen)));
  });
}

/**
 * Works on one image of a node, and on the template made of it, while no other waifuctl does. The node itself stays free for other
 * changes. Else as `withNodeLock`, with more patience.
 */
export async function withImageLock<T>(
  cluster: Cluster,
  node: NodeConfig,
  digest: string,
  watch: Watch,
  work: (watch: Watch) => Promise<T>,
): Promise<T> {
  return await underLock(cluster, node, { waitMs: IMAGE_WAIT_MS, path: imageLockPath(digest) }, watch, work);
}

/** Names that share a lock only wait for each other. */
const NAME_LOCKS = 64;

/** Works while no other waifuctl that asks the same node works on an instance of that name. Else as `withNodeLock`. */
export async function withNameLock<T>(
  cluster: Cluster,
  node: NodeConfig,
  name: string,
  watch: Watch,
  work: (watch: Watch) => Promise<T>,
): Promise<T> {
  const path = `/run/lock/waifu-name-${Bun.hash.crc32(name) % NAME_LOCKS}.lock`;
  return await underLock(cluster, node, { waitMs: NODE_WAIT_MS, path }, watch, work);
}

async function underLock<T>(
  cluster: Cluster,
  node: NodeConfig,
  which: { readonly waitMs: number; readonly path?: string },
  watch: Watch,
  work: (watch: Watch, lock: NodeLock) => Promise<T>,
): Promise<T> {
  const options = {
    ...which,
    owner: `${cluster.operator} ${process.pid}`,
    onBusy: (holder: string) => watch.reporter.note(`Waiting for ${holder}, who is at work on ${node.name}.`),
  };
  const lock = await takeLock(await cluster.connect(node), options, watch.signal);
  try {
    return await work(until(lock.lost, watch), lock);
  } finally {
    await lock.release();
  }
}
