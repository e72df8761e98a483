import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { resolve } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { toWaifuError, WaifuError } from "../errors.ts";
import type { Cluster } from "../nodes/cluster.ts";
import { onEveryNode } from "../nodes/fan-out.ts";
import type { Watch } from "../nodes/run-plan.ts";
import { type Progress, reported } from "../reporter.ts";
import { type Holdings, imageOf, readHoldings, versionsOf } from "./holdings.ts";
import { sendImage } from "./image-source.ts";
import { algorithmOf, findVersion, type KnownVersion, shortDigest } from "./versions.ts";

export type Export = {
  readonly version: KnownVersion;
  /** Nodes that keep the image, the first to be asked first. */
  readonly holders: readonly Holdings[];
};

/** Finds the nodes that keep the image. Throws `not-found` when none does, or as a node that does not answer. */
export async function decideExport(cluster: Cluster, wanted: string, signal?: AbortSignal): Promise<Export> {
  const { nodes } = cluster.config;
  const { answers, failures } = await onEveryNode(nodes, (node) => readHoldings(cluster, node, signal));
  const version = findVersion(versionsOf(cluster, answers), wanted);
  const holders = answers.filter((holdings) => imageOf(holdings, version.digest) !== undefined);
  if (holders.length > 0) return { version, holders };
  if (failures[0] !== undefined) throw failures[0].error;
  const { name, digest } = version;
  throw new WaifuError("not-found", `no node keeps the image of ${name}@${shortDigest(digest)}`, {
    hint: `Bring it to one: waifuctl template add ${name} --node ${nodes[0]?.name}`,
  });
}

/**
 * Writes the image as it was published to a file here, through the operator's own connection. The file gets its name when all is there and
 * the digest is right; what it held before is lost. A damaged image is passed over for the next node's.
 */
export async function exportTemplate(
  cluster: Cluster,
  { version, holders }: Export,
  file: string,
  watch: Watch,
): Promise<{ readonly path: string; readonly node: string; readonly bytes: number }> {
  const path = resolve(file);
  const part = `${path}.part`;
  try {
    for (const [index, holdings] of holders.entries()) {
      try {
        const bytes = await fetchFrom(cluster, holdings, version, part, watch);
        await rename(part, path);
        return { path, node: holdings.node.name, bytes };
      } catch (error) {
        const { code, message } = toWaifuError(error);
        if (code === "bug" || watch.signal?.aborted || index + 1 === holders.length) throw error;
        watch.reporter.warn(message);
      }
    }
    throw new WaifuError("not-found", `no node keeps the image of ${version.name}`);
  } finally {
    await rm(part, { force: true });
  }
}

async function fetchFrom(
  cluster: Cluster,
  holdings: Holdings,
  { name, digest }: KnownVersion,
  file: string,
  { reporter, signal }: Watch,
): Promise<number> {
  const { node } = holdings;
  const sender = await sendImage(cluster, node, digest);
  const version = `${name}@${shortDigest(digest)}`;
  return await reported(reporter, `image of ${version} from ${node.name}`, async (report) => {
    const totalBytes = imageOf(holdings, digest)?.sizeBytes;
    const sum = digester(digest, (doneBytes) => report.update({ doneBytes, totalBytes }));
    try {
      await pipeline(sender.stream, sum.stream, createWriteStream(file), { signal });
    } catch (cause) {
      const isLocal = cause instanceof Error && "syscall" in cause;
      if (!isLocal) throw cause;
      throw new WaifuError("refused", `can't write ${file}: ${cause.message}`, { cause });
    } finally {
      sender.close();
    }
    const actual = sum.digest();
    if (actual === digest) return sum.bytes();
    throw new WaifuError(
      "digest-mismatch",
      `the image of ${name} on node ${node.name} is damaged: its digest is ${shortDigest(actual)}…, not ${shortDigest(digest)}…`,
      {
        node: node.name,
        hint: `Mend it there: waifuctl template add ${version} --node ${node.name} --repair`,
      },
    );
  });
}

/** Passes bytes on, counts them and sums them up. */
function digester(digest: string, onBytes: (bytes: number) => void) {
  const hasher = new Bun.CryptoHasher(algorithmOf(digest));
  let bytes: Progress["doneBytes"] = 0;
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hasher.update(chunk);
      bytes += chunk.length;
      onBytes(bytes);
      done(null, chunk);
    },
  });
  return { stream, bytes: () => bytes, digest: () => hasher.digest("hex") };
}
