import { repeatable } from "../command.ts";
import type { NodeConfig } from "../config/cluster-config.ts";
import { WaifuError } from "../errors.ts";
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
import { adoptImage, parseAdopted } from "../storage/kept-images.ts";
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
  const image = await withNodeLock(cluster, node, watch, async (watch) => {
    const domains = await probeDomains(cluster, node, watch.signal);
    const state = domains.find((domain) => domain.uuid === spec.uuid)?.state;
    refuseActive({ ...instance, state: state ?? instance.state });
    return await journalled(
      cluster,
      plan,
      watch,
      () => copyDisk(cluster, plan, watch),
      () => clearUp(cluster, plan),
    );
  });
  cluster.state.journal.settle(plan.uuid, "done", node.name);
  const made = cluster.state.templates.all().find(({ digest }) => digest === spec.template.digest);
  const version: TemplateVersion = {
    ...image,
    name,
    source: `instance:${spec.name}`,
    addedAt: cluster.now().toISOString(),
    trust: "computed",
    firmware: spec.firmware ?? made?.firmware,
    seed: spec.seed ?? made?.seed,
    user: made?.user,
  };
  cluster.state.templates.put(version);
  const all = [node, ...nodes.filter((other) => other.name !== node.name)];
  const prepared = await prepareTemplates(cluster, { ...version, isNewest: true }, all, watch);
  return { ...prepared, version };
}

function planCapture(name: string, { node, spec }: Instance): Plan {
  const uuid = `capture-${spec.uuid}`;
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
): Promise<Pick<TemplateVersion, "digest" | "imageBytes">> {
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

/** Stops what may still be copying. */
async function clearUp(cluster: Cluster, { node, uuid }: Plan): Promise<void> {
  const runner = await cluster.connect(node);
  await runner.run(asImageWork(partOf(uuid), removeFiles(partOf(uuid))));
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
