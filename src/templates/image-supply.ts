import { stat } from "node:fs/promises";
import { toWaifuError } from "../errors.ts";
import type { Cluster } from "../nodes/cluster.ts";
import type { Watch } from "../nodes/run-plan.ts";
import { lookAtImage, parseImageLook } from "../storage/image-look.ts";
import { imagePath } from "../storage/node-files.ts";
import type { ImageOnNode } from "./image-disk.ts";
import {
  bringFromOrigin,
  bringFromPeer,
  findPeers,
  type Origin,
  originOf,
  type Peer,
} from "./image-source.ts";
import type { ResolvedTemplate } from "./resolve.ts";

export type Supplied = { readonly from: `peer ${string}` | Origin; readonly imageBytes: number };

/** Brings the image file to a node that lacks it. */
export type Supply = (image: ImageOnNode) => Promise<Supplied>;

/**
 * One supply for all nodes that need an image at once: a file beside the operator goes to each; else the first fetches it from the URL if no
 * node has it, and the others take it from those that do.
 */
export function supplyOf(cluster: Cluster, template: ResolvedTemplate, watch: Watch): Supply {
  const origin = originOf(template);
  const peers: Peer[] = [];
  let asking: Promise<unknown> | undefined;
  let fetching: Promise<unknown> | undefined;

  const fromPeer = async (image: ImageOnNode, tried: Set<Peer>): Promise<`peer ${string}` | undefined> => {
    const peer = peers.find((candidate) => candidate.node !== image.node && !tried.has(candidate));
    if (peer === undefined) return undefined;
    tried.add(peer);
    image.report.update(`from ${peer.node.name}`);
    try {
      await bringFromPeer(cluster, image, template, peer);
      return `peer ${peer.node.name}`;
    } catch (error) {
      const { code, message } = toWaifuError(error);
      if (image.signal?.aborted || code === "refused") throw error;
      watch.reporter.warn(`${peer.node.name} could not give the image of ${template.name}: ${message}`);
      return await fromPeer(image, tried);
    }
  };

  const bring = async (image: ImageOnNode): Promise<Supplied["from"]> => {
    if (origin === "file" && (await isFile(template.source))) {
      await bringFromOrigin(image, template);
      return origin;
    }
    asking ??= findPeers(cluster, template.digest, watch).then((found) => peers.push(...found));
    await asking;
    const tried = new Set<Peer>();
    for (;;) {
      const from = await fromPeer(image, tried);
      if (from !== undefined) return from;
      if (fetching === undefined) break;
      image.report.update("waiting for the download to another node");
      await fetching;
    }
    const fetched = bringFromOrigin(image, template).then(() => peers.push({ node: image.node }));
    fetching = fetched
      .catch(() => {})
      .finally(() => {
        fetching = undefined;
      });
    await fetched;
    return origin ?? "url";
  };

  return async (image) => {
    const from = await bring(image);
    const { imageBytes = 0 } = parseImageLook(
      await image.runner.run(lookAtImage(imagePath(template.digest)), image.signal),
    );
    return { from, imageBytes };
  };
}

async function isFile(path = ""): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() === true;
}
