import type { NodeConfig } from "../config/cluster-config.ts";
import { takeLock } from "../ssh/node-lock.ts";
import type { Cluster } from "./cluster.ts";

/** Somebody else's `create` may be fetching an image. */
const WAIT_MS = 600_000;

/** Works on one node while no other waifuctl changes it, whoever's machine it runs on. Throws `locked`, with the holder, after ten minutes. */
export async function withNodeLock<T>(
  cluster: Cluster,
  node: NodeConfig,
  work: (previousSequence: number) => Promise<T>,
): Promise<T> {
  const lock = await takeLock(await cluster.connect(node), { owner: cluster.operator, waitMs: WAIT_MS });
  try {
    return await work(lock.sequence);
  } finally {
    await lock.release();
  }
}
