import { repeatable } from "../command.ts";
import type { NodeConfig } from "../config/cluster-config.ts";
import { type ErrorCode, WaifuError } from "../errors.ts";
import { isActive } from "../libvirt/domain-list.ts";
import type { Cluster } from "../nodes/cluster.ts";
import type { FanOut } from "../nodes/fan-out.ts";
import { withNodeLock } from "../nodes/lock.ts";
import { type Plan, stepError } from "../nodes/plan.ts";
import { probeDomains } from "../nodes/probe.ts";
import { journalled, type Watch } from "../nodes/run-plan.ts";
import { convertToFile, parseConvertProgress } from "../qemu/qemu-img.ts";
import { reported } from "../reporter.ts";
import type { TemplateVersion } from "../state/templates.ts";
import { asImageWork } from "../storage/image-work.ts";
import { adoptImage, findAdopted, parseAdopted } from "../storage/kept-images.ts";
import { imagePath, removeFiles } from "../storage/node-files.ts";
import { storageOf } from "../storage/storage-of.ts";
import { checkTemplateName } from "../templates/add.ts";
import { type PreparedTemplate, prepareTemplates } from "../templates/prepare.ts";
import { type Instance, locateInstance } from "./locate.ts";

export type Capture = { readonly name: string; readonly instance: Instance; readonly plan: Plan };

export type Captured = FanOut<PreparedTemplate> & { readonly version: TemplateVersion };

/** Changes nothing. Throws `usage` for a bad name, `not-found`, and `refused` while the instance is on. */
export async function decideCapture(
  cluster: Cluster,
  name: string,
  from: string,
  signal?: AbortSignal,
): Promise<Capture> {
  checkTemplateName(name);
  const instance = await locateInstance(cluster, from, signal);
  refuseActive(instance);
  return { name, instance, plan: planCapture(name, instance) };
}

/**
 * Makes a version out of the disk of an instance that is off: an image file on its node, named by its digest, and from that a template there and
 * on the other `nodes`. Until the image is whole the node's lock keeps the instance off. On a failure or an abort before that nothing is left.
 */
export async function captureTemplate(
  cluster: Cluster,
  { name, instance, plan }: Capture,
  nodes: readonly NodeConfig[],
  watch: Watch,
): Promise<Captured> {
  const { node, spec } = instance;
  const version = await withNodeLock(cluster, node, watch, async (watch) => {
    const domains = await probeDomains(cluster, node, watch.signal);
    const state = domains.find((domain) => domain.uuid === spec.uuid)?.state;
    refuseActive({ ...instance, state: state ?? instance.state });
    const work = async () => await adopt(cluster, name, instance, await copyDisk(cluster, plan, watch));
    return await journalled(cluster, plan, watch, work, async () => {
      await discardCapture(cluster, node, plan.uuid);
    });
  });
  cluster.state.journal.settle(plan.uuid, "done", node.name);
  const all = [node, ...nodes.filter((other) => other.name !== node.name)];
  const prepared = await prepareTemplates(cluster, { ...version, isNewest: true }, all, watch);
  // What nobody knows the end of stays open, for reconcile to make the template after all.
  const isOpen = prepared.failures.some(
    (failed) => failed.node.name === node.name && unknownEnds.has(failed.error.code),
  );
  if (!isOpen) cluster.state.journal.settle(version.digest, "failed", node.name);
  return { ...prepared, version };
}

const unknownEnds: ReadonlySet<ErrorCode> = new Set(["outcome-unknown", "half-changed", "unreachable"]);

type AdoptedImage = Pick<TemplateVersion, "digest" | "imageBytes">;

/** Makes the image a version. That it is to be a template is journalled before the copy has its end, so that nothing can come between. */
async function adopt(
  { state, now, connect }: Cluster,
  name: string,
  { node, spec }: Instance,
  image: AdoptedImage,
): Promise<TemplateVersion> {
  const { digest } = image;
  const made = state.templates.all().find((known) => known.digest === spec.template.digest);
  const version: TemplateVersion = {
    ...image,
    name,
    source: `instance:${spec.name}`,
    addedAt: now().toISOString(),
    trust: "computed",
    firmware: spec.firmware ?? made?.firmware,
    seed: spec.seed ?? made?.seed,
    user: made?.user,
  };
  state.templates.put(version);
  const preparation = { verb: "prepare", instance: name, uuid: digest, node: node.name };
  state.journal.begin({ ...preparation, id: crypto.randomUUID(), stages: ["make the template"] });
  await (await connect(node)).run(removeFiles(partOf(captureOf(spec))));
  return version;
}

function planCapture(name: string, { node, spec }: Instance): Plan {
  const uuid = captureOf(spec);
  const part = partOf(uuid);
  const source = storageOf(node.storage).diskSource(spec);
  const format = source.kind === "block" ? "raw" : source.format;
  const commands = [
    repeatable(["mkdir", "-p", imagePath("")]),
    asImageWork(part, convertToFile(source.path, format, part)),
    asImageWork(part, adoptImage(part)),
  ];
  const stages = [[{ title: `copy the disk of ${spec.name}`, commands }]];
  return { verb: "template create", instance: name, uuid, node, stages };
}

async function copyDisk(
  cluster: Cluster,
  { node, instance, stages }: Plan,
  { reporter, signal }: Watch,
): Promise<AdoptedImage> {
  const runner = await cluster.connect(node);
  const [step] = stages.flat();
  return await reported(reporter, `${step?.title} on ${node.name}`, async (report) => {
    const onOutput = (chunk: Buffer): void => {
      const share = parseConvertProgress(chunk.toString("latin1"));
      if (share !== undefined) report.update(`${Math.round(share * 100)} %`);
    };
    let printed = "";
    for (const command of step?.commands ?? []) {
      const result = await runner.run(command, signal, { onOutput });
      if (result.exitCode !== 0) throw stepError({ node, instance }, `${step?.title}`, result);
      printed = result.stdout;
    }
    return parseAdopted(printed);
  });
}

/**
 * Stops what may still be copying, and removes the copy. Gives whether it has become a version, which then stays. Only under the node's lock.
 */
export async function discardCapture(cluster: Cluster, node: NodeConfig, uuid: string): Promise<boolean> {
  const runner = await cluster.connect(node);
  const part = partOf(uuid);
  const digest = (await runner.run(asImageWork(part, findAdopted(part)))).stdout;
  const isKnown = cluster.state.templates.all().some((version) => version.digest === digest);
  const image = digest === "" || isKnown ? [] : [imagePath(digest)];
  // The copy last: while it is there, so can the image be found.
  await runner.run(removeFiles(...image, part));
  return isKnown;
}

function captureOf({ uuid }: Instance["spec"]): string {
  return `capture-${uuid}`;
}

function partOf(uuid: string): string {
  return `${imagePath(uuid)}.part`;
}

function refuseActive({ node, spec, state }: Pick<Instance, "node" | "spec" | "state">): void {
  if (!isActive(state)) return;
  throw new WaifuError(
    "refused",
    `${spec.name} on node ${node.name} is ${state}: its disk changes while it is copied`,
    {
      node: node.name,
      instance: spec.name,
      hint: `Stop it first: waifuctl stop ${spec.name}`,
    },
  );
}
