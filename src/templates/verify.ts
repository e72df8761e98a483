import type { NodeConfig } from "../config/cluster-config.ts";
import { lastComplaint } from "../libvirt/virsh.ts";
import type { Cluster } from "../nodes/cluster.ts";
import { type FanOut, onEveryNode } from "../nodes/fan-out.ts";
import { withImageLock } from "../nodes/lock.ts";
import { stepError } from "../nodes/plan.ts";
import type { Watch } from "../nodes/run-plan.ts";
import { hashImage, parseHash } from "../storage/kept-images.ts";
import { storageOf } from "../storage/storage-of.ts";
import { type Holdings, hasTemplate, imageOf, readHoldings, versionsOf } from "./holdings.ts";
import { closeImage, type ImageOnNode, openImage } from "./image-disk.ts";
import { findVersions, shortDigest } from "./versions.ts";

/** What became of one version on one node. */
export type Verdict = {
  readonly node: string;
  readonly name: string;
  readonly digest: string;
  readonly image: "ok" | "damaged" | "none";
  /** `unknown`: without a good image there is nothing to compare it with. */
  readonly template: "ok" | "damaged" | "none" | "unknown";
  /** What was found instead. */
  readonly complaint?: string;
};

type Held = { readonly name: string; readonly digest: string; readonly holdings: Holdings };

/**
 * Reads every image again, and compares every template with its image, on all nodes at once. Changes nothing. With `wanted` only those
 * versions; throws `not-found` for one that is nowhere.
 */
export async function verifyTemplates(
  cluster: Cluster,
  nodes: readonly NodeConfig[],
  wanted: readonly string[],
  watch: Watch,
): Promise<FanOut<Verdict>> {
  const look = await onEveryNode(nodes, (node) => readHoldings(cluster, node, watch.signal));
  const versions = versionsOf(cluster, look.answers);
  const meant = new Set(wanted.flatMap((words) => findVersions(versions, words)).map(({ digest }) => digest));
  const { answers, failures } = await onEveryNode(nodes, async (node) => {
    const holdings = look.answers.find((candidate) => candidate.node === node);
    const verdicts: Verdict[] = [];
    for (const digest of holdings === undefined ? [] : digestsOf(holdings)) {
      if (holdings === undefined || (wanted.length > 0 && !meant.has(digest))) continue;
      const name = versions.find((version) => version.digest === digest)?.name ?? "(unknown)";
      verdicts.push(await verifyVersion(cluster, { name, digest, holdings }, watch));
    }
    return verdicts;
  });
  return { answers: answers.flat(), failures: [...look.failures, ...failures] };
}

export function isDamaged({ image, template }: Verdict): boolean {
  return image === "damaged" || template === "damaged";
}

/** Whether the kept image still is what it is named for; else what it is now. Only under the image's lock. */
export async function checkImage(image: ImageOnNode): Promise<string | undefined> {
  const { runner, node, template, report, signal } = image;
  report.update("reading the image");
  const result = await runner.run(hashImage(template.digest), signal);
  if (result.exitCode !== 0) throw stepError({ node, instance: template.name }, "reading the image", result);
  const actual = parseHash(result);
  return actual === template.digest ? undefined : `the image's digest is ${shortDigest(actual)}… now`;
}

/** Whether a clone of the template reads what is in its image, which is in order; else the difference. Only under the image's lock. */
export async function checkTemplate(image: ImageOnNode): Promise<string | undefined> {
  const { runner, node, template, report, signal } = image;
  const disk = await openImage(image);
  report.update("comparing");
  try {
    for (const command of storageOf(node.storage).compareTemplate(template.digest, disk, disk.file)) {
      const result = await runner.run(command, signal);
      // 127 and such: the program did not run at all.
      if (result.exitCode > 125) throw stepError({ node, instance: template.name }, "comparing", result);
      if (result.exitCode !== 0) return lastComplaint(`${result.stdout}\n${result.stderr}`) ?? "they differ";
    }
    return undefined;
  } finally {
    await closeImage(image, disk);
  }
}

async function verifyVersion(
  cluster: Cluster,
  { name, digest, holdings }: Held,
  watch: Watch,
): Promise<Verdict> {
  const { node } = holdings;
  const verdict = { node: node.name, name, digest };
  if (imageOf(holdings, digest) === undefined) return { ...verdict, image: "none", template: "unknown" };
  const runner = await cluster.connect(node);
  const report = watch.reporter.step(`verify ${name}@${shortDigest(digest)} on ${node.name}`);
  try {
    const found = await withImageLock(cluster, node, digest, watch, async ({ signal }): Promise<Verdict> => {
      const image = { node, runner, template: { name, digest }, report, signal };
      const damage = await checkImage(image);
      if (damage !== undefined)
        return {
          ...verdict,
          image: "damaged",
          template: hasTemplate(holdings, digest) ? "unknown" : "none",
          complaint: damage,
        };
      if (!hasTemplate(holdings, digest)) return { ...verdict, image: "ok", template: "none" };
      const complaint = await checkTemplate(image);
      return { ...verdict, image: "ok", template: complaint === undefined ? "ok" : "damaged", complaint };
    });
    if (isDamaged(found)) report.failed("damaged");
    else report.done();
    return found;
  } catch (error) {
    report.failed();
    throw error;
  }
}

function digestsOf({ templates, files }: Holdings): Set<string> {
  const images = files.filter(({ isUnfinished }) => !isUnfinished);
  return new Set([...templates, ...images].map(({ digest }) => digest));
}
