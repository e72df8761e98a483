import type { NodeConfig } from "../config/cluster-config.ts";
import { WaifuError } from "../errors.ts";
import type { Cluster } from "../nodes/cluster.ts";
import { type FanOut, onEveryNode } from "../nodes/fan-out.ts";
import { withImageLock } from "../nodes/lock.ts";
import type { Plan } from "../nodes/plan.ts";
import { journalled, type Watch } from "../nodes/run-plan.ts";
import { reported, type Step } from "../reporter.ts";
import { removeImage } from "../storage/kept-images.ts";
import { storageOf } from "../storage/storage-of.ts";
import { type Holdings, hasTemplate, imageOf, readHoldings } from "./holdings.ts";
import { closeImage, convertImage, type ImageOnNode, openImage } from "./image-disk.ts";
import { type Supply, supplyOf } from "./image-supply.ts";
import type { ResolvedTemplate } from "./resolve.ts";
import { checkImage, checkTemplate } from "./verify.ts";
import { shortDigest } from "./versions.ts";

export type RepairedTemplate = {
  readonly node: string;
  /** Damaged, or not kept beside its template, it is fetched again. */
  readonly image: "as it was" | "fetched again" | "none";
  /** `reverted`: what was written to it since is gone. `remade`: converted from the image again. */
  readonly template: "as it was" | "reverted" | "remade" | "none";
};

/**
 * Makes a version on these nodes what it was published as: a damaged image is fetched again, a damaged template made anew below its clones,
 * where the storage can do that. Throws `refused` with the instances when it can't. May be repeated; where all is well, or where nothing of
 * it is, nothing is changed.
 */
export async function repairTemplates(
  cluster: Cluster,
  template: ResolvedTemplate,
  nodes: readonly NodeConfig[],
  watch: Watch,
): Promise<FanOut<RepairedTemplate>> {
  const supply = supplyOf(cluster, template, watch);
  return await onEveryNode(nodes, (node) => repairTemplate(cluster, template, node, supply, watch));
}

async function repairTemplate(
  cluster: Cluster,
  template: ResolvedTemplate,
  node: NodeConfig,
  supply: Supply,
  watch: Watch,
): Promise<RepairedTemplate> {
  const { name, digest } = template;
  const runner = await cluster.connect(node);
  const plan: Plan = { verb: "template repair", instance: name, uuid: digest, node, stages: [] };
  const work = async (report: Step): Promise<RepairedTemplate> => {
    const repaired = await withImageLock(cluster, node, digest, watch, async ({ signal }) => {
      const image: ImageOnNode = { node, runner, template, report, signal };
      return await journalled(cluster, plan, { ...watch, signal }, async () => {
        const holdings = await readHoldings(cluster, node, signal);
        return {
          node: node.name,
          image: await repairImage(image, holdings, supply),
          template: await repairDisk(image, holdings),
        };
      });
    });
    cluster.state.journal.settle(digest, "done", node.name);
    return repaired;
  };
  return await reported(
    watch.reporter,
    `repair ${name}@${shortDigest(digest)} on ${node.name}`,
    work,
    ({ image, template }) => `image ${image}, template ${template}`,
  );
}

async function repairImage(
  image: ImageOnNode,
  holdings: Holdings,
  supply: Supply,
): Promise<RepairedTemplate["image"]> {
  const { runner, template, signal } = image;
  const isThere = imageOf(holdings, template.digest) !== undefined;
  if (!isThere && !hasTemplate(holdings, template.digest)) return "none";
  if (isThere && (await checkImage(image)) === undefined) return "as it was";
  await runner.run(removeImage(template.digest), signal);
  await supply(image);
  return "fetched again";
}

async function repairDisk(image: ImageOnNode, holdings: Holdings): Promise<RepairedTemplate["template"]> {
  const { node, runner, template, signal } = image;
  const storage = storageOf(node.storage);
  if (!hasTemplate(holdings, template.digest)) return "none";
  if ((await checkTemplate(image)) === undefined) return "as it was";
  const reversion = storage.revertTemplate(template.digest);
  for (const command of reversion) await runner.run(command, signal);
  if (reversion.length > 0 && (await checkTemplate(image)) === undefined) return "reverted";
  const clones = holdings.clones.filter(({ digest }) => digest === template.digest).map(({ name }) => name);
  if (clones.length > 0 && !storage.canReplaceInUse) throw inUse(image, clones);
  const disk = await openImage(image);
  await convertImage(image, storage, disk);
  await closeImage(image, disk);
  return "remade";
}

function inUse({ node, template }: ImageOnNode, clones: readonly string[]): WaifuError {
  const [first = ""] = clones;
  return new WaifuError(
    "refused",
    `${template.name}@${shortDigest(template.digest)} is damaged on node ${node.name}, and can't be made anew below ${clones.join(", ")}`,
    {
      node: node.name,
      instance: first,
      hint: `Save what is in them, delete them (waifuctl delete ${first}), and repair it then; zpool status says what the pool lost.`,
    },
  );
}
