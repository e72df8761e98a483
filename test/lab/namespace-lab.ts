import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { startDaemon } from "./daemon.ts";
import { makeIdentity } from "./identity.ts";
import { buildImage, type Image, type ImageName, publish, publishedImages, shelf } from "./images.ts";
import { withLock } from "./lock.ts";
import { pidsIn } from "./netns.ts";
import { attachNode, destroyNode, type Init, isRunning, type LabNode, startNode } from "./node.ts";
import { labDir, labDisksDir, runDir } from "./paths.ts";
import { claimRecord, dropRecord, readRecord } from "./record.ts";
import { LabError, run } from "./run.ts";
import { createSwitch, destroySwitch, MIRROR, type Switch, subnetAddress, switchNetns } from "./switch.ts";

/** A running lab, as tests and the command line see it. */
export type Lab = {
  name: string;
  nodes: LabNode[];
  /** What the lab's mirror offers: `path` on this machine, `url` for the nodes. */
  images: PublishedImage[];
  /** One of those; throws if it hasn't been built. */
  image(name: ImageName): PublishedImage;
  /** The cluster.toml that describes these nodes. */
  clusterToml(): string;
};

export type PublishedImage = Image & { url: string };

/** Told of each thing that has been done. */
export type Report = (line: string) => void;

/** Boots a lab with these nodes, or those of them that are missing. Repeating it changes nothing. */
export async function upLab(
  name: string,
  nodeNames: readonly string[],
  {
    images = ["tiny"],
    init,
    report = () => {},
  }: { images?: readonly ImageName[]; init?: Init; report?: Report } = {},
): Promise<Lab> {
  for (const word of [name, ...nodeNames]) checkName(word);
  await checkPrivileges();
  await makeIdentity();
  await withLock(lockFile(name), async () => {
    // Disks that outlived a reboot of this machine, unlike the lab that they belonged to.
    if (!(await readRecord(name))) await rm(labDisksDir(name), { recursive: true, force: true });
    const record = await claimRecord(name, nodeNames);
    await createSwitch(record);
    const starts = record.nodes.map(async (node) => {
      const startedAt = performance.now();
      if (await isRunning(record, node.name)) return;
      await startNode(record, node.name, node.host, init);
      report(`node ${node.name} is up at ${subnetAddress(record.number, node.host)} (${seconds(startedAt)})`);
    });
    const results = await Promise.allSettled([...starts, startMirror(record, images, report)]);
    const failures = results.flatMap((result) => (result.status === "rejected" ? [result.reason] : []));
    if (failures.length > 0) throw new AggregateError(failures, `lab ${name} did not come up`);
  });
  return attachLab(name);
}

/** A lab that some other process has brought up. */
export async function attachLab(name: string): Promise<Lab> {
  const record = await readRecord(name);
  if (!record) throw new LabError(`lab ${name} is not up; start it: npm run lab -- up --name ${name}`);
  const nodes = await Promise.all(record.nodes.map((node) => attachNode(record, node.name, node.host)));
  const mirror = `http://${subnetAddress(record.number, MIRROR)}/images`;
  const images = (await publishedImages(name)).map((image) => ({
    ...image,
    url: `${mirror}/${image.name}.qcow2`,
  }));
  return {
    name,
    nodes,
    images,
    image(wanted) {
      const image = images.find((candidate) => candidate.name === wanted);
      if (!image)
        throw new LabError(
          `lab ${name} has no image ${wanted}; build it: npm run lab -- images --name ${name}`,
        );
      return image;
    },
    clusterToml: () => nodes.map(nodeToml).join("\n"),
  };
}

/** Ends a lab without a trace. Harmless if it isn't up. */
export async function downLab(name: string): Promise<void> {
  checkName(name);
  await withLock(lockFile(name), async () => {
    const record = await readRecord(name);
    if (!record) return;
    await Promise.all(record.nodes.map((node) => destroyNode(record, node.name)));
    await destroySwitch(record);
    await rm(labDisksDir(name), { recursive: true, force: true });
    await dropRecord(name);
  });
}

/** Puts images on the lab's mirror, building them first if need be. */
export async function addImages(lab: string, images: readonly ImageName[], report: Report): Promise<void> {
  for (const name of images) {
    const startedAt = performance.now();
    const { path } = await buildImage(name);
    await publish(lab, `${name}.qcow2`, path);
    report(`image ${name} is on the mirror (${seconds(startedAt)})`);
  }
}

async function startMirror(lan: Switch, images: readonly ImageName[], report: Report) {
  await addImages(lan.lab, images, report);
  const netns = switchNetns(lan.lab);
  const mirror = join(import.meta.dir, "mirror.ts");
  // An `ip` that sets up a node's cable may be in there too, for a moment.
  const commandLines = (await pidsIn(netns)).map((pid) =>
    readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => ""),
  );
  if ((await Promise.all(commandLines)).some((line) => line.includes(mirror))) return;
  const server = [process.execPath, mirror, shelf(lan.lab), subnetAddress(lan.number, MIRROR)];
  await startDaemon(["nsenter", `--net=/run/netns/${netns}`, ...server], join(labDir(lan.lab), "mirror.log"));
}

function nodeToml(node: LabNode): string {
  return [
    "[[node]]",
    `name = "${node.name}"`,
    `address = "${node.address}"`,
    `port = ${node.port}`,
    `user = "${node.user}"`,
    `identity_file = "${node.identityFile}"`,
    `host_key = "${node.hostKey}"`,
    'storage = { kind = "dir", path = "/var/lib/waifu" }',
    'network = "default"',
    "",
  ].join("\n");
}

const lockFile = (lab: string) => join(runDir, `${lab}.lock`);

function checkName(word: string) {
  // Names become interface names, which have room for 15 characters.
  if (!/^[a-z][a-z0-9-]{0,14}$/.test(word))
    throw new LabError(
      `"${word}": a name is up to 15 lower-case letters, digits and hyphens, a letter first`,
    );
}

async function checkPrivileges() {
  if (process.getuid?.() !== 0)
    throw new LabError("the lab makes network namespaces and mounts: run it as root");
  const { exitCode, stderr } = await run(["unshare", "--mount", "--net", "--pid", "--fork", "true"]);
  if (exitCode !== 0)
    throw new LabError(
      `this machine does not allow new namespaces (a container needs --privileged): ${stderr.trim()}`,
    );
}

const seconds = (since: number) => `${((performance.now() - since) / 1000).toFixed(1)} s`;
