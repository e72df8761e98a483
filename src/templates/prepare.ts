import type { NodeConfig } from "../config/cluster-config.ts";
import type { Cluster } from "../nodes/cluster.ts";
import { type FanOut, onEveryNode } from "../nodes/fan-out.ts";
import { withImageLock } from "../nodes/lock.ts";
import type { Plan } from "../nodes/plan.ts";
import { probeStorage } from "../nodes/probe.ts";
import { journalled, type Watch } from "../nodes/run-plan.ts";
import { readHead } from "../qemu/image-kind.ts";
import { reported, type Step } from "../reporter.ts";
import { formatSize } from "../size.ts";
import { type ImageLook, lookAtImage, parseImageLook } from "../storage/image-look.ts";
import { asImageWork } from "../storage/image-work.ts";
import { removeImage } from "../storage/kept-images.ts";
import { imagePath, removeFiles } from "../storage/node-files.ts";
import type { StorageInventory } from "../storage/storage.ts";
import { storageOf } from "../storage/storage-of.ts";
import { unpackedPath } from "../storage/unpack-image.ts";
import { hasTemplate } from "./holdings.ts";
import { closeImage, convertImage, type ImageOnNode, openImage, UnusableImage } from "./image-disk.ts";
import { fetchFromOrigin, fetchFromPeer, findPeers, originOf } from "./image-source.ts";
import { type Supplied, type Supply, supplyOf } from "./image-supply.ts";
import type { ResolvedTemplate } from "./resolve.ts";
import { checkRoom, NoRoom } from "./room.ts";

/** A template that is ready to be cloned on a node. */
export type PreparedTemplate = {
  readonly node: string;
  readonly from: "already there" | "image there" | Supplied["from"];
  readonly virtualBytes: number;
  /** Of the image file; absent where it was not kept. */
  readonly imageBytes?: number;
};

/**
 * Brings a version onto nodes, all at once, each from its cheapest source; the nodes share one download. What a node has is left as it is.
 * A failure or an abort leaves at most a part of the download there, from which the next run goes on.
 */
export async function prepareTemplates(
  cluster: Cluster,
  template: ResolvedTemplate,
  nodes: readonly NodeConfig[],
  watch: Watch,
): Promise<FanOut<PreparedTemplate>> {
  const supply = supplyOf(cluster, template, watch);
  return await onEveryNode(nodes, (node) => prepareTemplate(cluster, template, node, supply, watch));
}

/** What `prepareTemplates` would do, for --dry-run. Changes nothing. */
export async function planPreparations(
  cluster: Cluster,
  template: ResolvedTemplate,
  nodes: readonly NodeConfig[],
  watch: Watch,
): Promise<FanOut<Plan>> {
  const peers = await findPeers(cluster, template.digest, watch);
  const peer = originOf(template) === "file" ? undefined : peers[0];
  return await onEveryNode(nodes, async (node) => {
    const { installed, image, storage } = await lookAtNode(cluster, template, node, watch.signal);
    if (installed !== undefined) return planOf(template, node, []);
    checkRoom(node, template, image, storage);
    const fetch = peer === undefined ? fetchFromOrigin(template) : fetchFromPeer(template, peer);
    const isThere = image.imageBytes !== undefined;
    return planOf(template, node, [
      ...(isThere ? [] : [{ title: fetchTitle(template), commands: [fetch] }]),
      {
        title: `${makeTitle} (its commands depend on the image's format and size)`,
        commands: [...storageOf(node.storage).prepare(), readHead(imagePath(template.digest))],
      },
    ]);
  });
}

const makeTitle = "make the template";

function fetchTitle({ name, digest }: ResolvedTemplate): string {
  return `fetch the image of ${name} (${digest.slice(0, 12)})`;
}

function planOf({ name, digest }: ResolvedTemplate, node: NodeConfig, steps: Plan["stages"][number]): Plan {
  return { verb: "prepare", instance: name, uuid: digest, node, stages: steps.map((step) => [step]) };
}

type NodeLook = {
  readonly installed?: { readonly virtualBytes: number };
  readonly image: ImageLook;
  readonly storage: StorageInventory;
};

async function lookAtNode(
  cluster: Cluster,
  { digest }: ResolvedTemplate,
  node: NodeConfig,
  signal?: AbortSignal,
): Promise<NodeLook> {
  const runner = await cluster.connect(node);
  const [storage, image] = await Promise.all([
    probeStorage(cluster, node, signal),
    runner.run(lookAtImage(imagePath(digest)), signal),
  ]);
  const installed = storage.templates.find((template) => template.digest === digest);
  return { installed, image: parseImageLook(image), storage };
}

async function prepareTemplate(
  cluster: Cluster,
  template: ResolvedTemplate,
  node: NodeConfig,
  supply: Supply,
  outer: Watch,
): Promise<PreparedTemplate> {
  const { name, digest } = template;
  return await withImageLock(cluster, node, digest, outer, async (watch) => {
    const { installed, image, storage } = await lookAtNode(cluster, template, node, watch.signal);
    const { imageBytes } = image;
    if (installed !== undefined) {
      cluster.state.journal.settle(digest, "done", node.name);
      return { node: node.name, from: "already there", virtualBytes: installed.virtualBytes, imageBytes };
    }
    if (imageBytes === undefined) checkRoom(node, template, image, storage);
    const titles = [...(imageBytes === undefined ? [fetchTitle(template)] : []), makeTitle];
    const plan = planOf(
      template,
      node,
      titles.map((title) => ({ title, commands: [] })),
    );
    const runner = await cluster.connect(node);
    const at = (report: Step): ImageOnNode => ({ node, runner, template, report, signal: watch.signal });
    const work = async (onStage: () => void): Promise<PreparedTemplate> => {
      let supplied: Pick<PreparedTemplate, "from" | "imageBytes"> = { from: "image there", imageBytes };
      if (imageBytes === undefined) {
        onStage();
        supplied = await reported(
          watch.reporter,
          `fetch ${name} to ${node.name}`,
          (report) => supply(at(report)),
          (came) => `${formatSize(came.imageBytes)} from ${came.from}`,
        );
      }
      onStage();
      const virtualBytes = await reported(watch.reporter, `make template ${name} on ${node.name}`, (report) =>
        makeTemplate(at(report), storage, imageBytes === undefined),
      );
      return { node: node.name, ...supplied, virtualBytes };
    };
    const prepared = await journalled(cluster, plan, watch, work, () => clearUp(cluster, digest, node));
    cluster.state.journal.settle(digest, "done", node.name);
    return prepared;
  });
}

/** Gives the size of the disk inside. An image that can't be a template is not kept, nor one that has just filled the disk. */
async function makeTemplate(
  image: ImageOnNode,
  inventory: StorageInventory,
  isNew: boolean,
): Promise<number> {
  const { node, template, runner } = image;
  try {
    const disk = await openImage(image);
    checkRoom(
      node,
      { name: template.name, virtualBytes: disk.virtualBytes },
      { partBytes: 0, freeBytes: 0 },
      inventory,
    );
    await convertImage(image, storageOf(node.storage), disk);
    await closeImage(image, disk);
    return disk.virtualBytes;
  } catch (error) {
    if (error instanceof UnusableImage || (isNew && error instanceof NoRoom))
      await runner.run(removeFiles(imagePath(template.digest)));
    throw error;
  }
}

/**
 * Undoes a preparation that was cut off, the image included if that had come for it. Gives whether there was nothing to undo: the template is
 * ready. Only under the image's lock.
 */
export async function discardPreparation(
  cluster: Cluster,
  { digest, hasFetched }: { readonly digest: string; readonly hasFetched: boolean },
  node: NodeConfig,
): Promise<boolean> {
  const runner = await cluster.connect(node);
  await clearUp(cluster, digest, node);
  if (hasTemplate(await probeStorage(cluster, node), digest)) return true;
  if (hasFetched) await runner.run(removeImage(digest));
  return false;
}

/** Stops what may still be at work there, and removes what is no template yet. */
async function clearUp(cluster: Cluster, digest: string, node: NodeConfig): Promise<void> {
  const runner = await cluster.connect(node);
  const path = imagePath(digest);
  await runner.run(asImageWork(path, removeFiles(unpackedPath(path))));
  if (hasTemplate(await probeStorage(cluster, node), digest)) return;
  for (const command of storageOf(node.storage).discardTemplate(digest)) await runner.run(command);
}
