import { join } from "node:path";
import { parseArgs } from "node:util";
import { stringify } from "smol-toml";
import { type ImageName, imageNames } from "./images.ts";
import { addImages, attachLab, downLab, upLab } from "./namespace-lab.ts";
import { enterNode, isRunning } from "./node.ts";
import { identityFile, labDir } from "./paths.ts";
import { listLabs } from "./record.ts";
import { LabError } from "./run.ts";
import {
  attachZfsNode,
  startZfsNode,
  stopZfsNodes,
  type ZfsNode,
  zfsNodeNames,
} from "./zfs-node/zfs-node.ts";

const usage = `Machines to try waifuctl on: each has its own network, sshd, redis and libvirtd, and they share this kernel.

npm run lab -- up [--name LAB] [--nodes 3 | --nodes alpha,beta] [--zfs 1] [--image debian-12]
npm run lab -- status                     every lab, its nodes and images
npm run lab -- shell NODE [--name LAB]    a root shell on a node
npm run lab -- images [--name LAB]        build all guest images and put them on the lab's mirror
npm run lab -- down [--name LAB]          end it without a trace
`;
const say = (line: string) => process.stderr.write(`lab: ${line}\n`);

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      name: { type: "string", default: "dev" },
      nodes: { type: "string", default: "2" },
      zfs: { type: "string", default: "0" },
      image: { type: "string", multiple: true, default: [] },
    },
  });
  const [verb, node] = positionals;
  switch (verb) {
    case "up":
      return up(values.name, nodeNames(values.nodes, "n"), nodeNames(values.zfs, "z"), [
        ...new Set(["tiny", ...values.image].map(imageName)),
      ]);
    case "down":
      await Promise.all([downLab(values.name), stopZfsNodes(values.name)]);
      say(`${values.name} is down`);
      return 0;
    case "status":
      for (const name of await listLabs()) await printStatus(name);
      return 0;
    case "shell":
      return shell(values.name, node ?? "n1");
    case "images":
      await attachLab(values.name);
      await addImages(values.name, imageNames, say);
      return 0;
    default:
      process.stderr.write(usage);
      return verb === undefined || verb === "help" ? 0 : 2;
  }
}

async function up(name: string, nodes: string[], zfsNodes: string[], images: ImageName[]): Promise<number> {
  const [lab, ...machines] = await Promise.all([
    upLab(name, nodes, { images, report: say }),
    ...zfsNodes.map((node) => startZfsNode(name, node)),
  ]);
  for (const { name: node, port } of machines) say(`ZFS node ${node} is up at 127.0.0.1:${port}`);
  const config = join(labDir(name), "cluster.toml");
  await Bun.write(config, [lab.clusterToml(), ...machines.map(zfsNodeToml)].join("\n"));
  say(`try: ssh -i ${lab.nodes[0]?.identityFile} root@${lab.nodes[0]?.address}`);
  say("the cluster's configuration:");
  process.stdout.write(`${config}\n`);
  return 0;
}

async function printStatus(name: string): Promise<void> {
  const lab = await attachLab(name);
  process.stdout.write(`${name}\n`);
  for (const node of lab.nodes) {
    const state = (await isRunning(node.lan, node.name)) ? "up" : "down";
    process.stdout.write(`  ${node.name.padEnd(16)}${node.address.padEnd(16)}${state}\n`);
  }
  for (const node of await zfsNodeNames(name)) {
    const { address, port } = await attachZfsNode(name, node);
    process.stdout.write(`  ${node.padEnd(16)}${`${address}:${port}`.padEnd(16)}ZFS\n`);
  }
  for (const { name: image, url } of lab.images) process.stdout.write(`  ${image.padEnd(16)}${url}\n`);
}

async function shell(lab: string, name: string): Promise<number> {
  if ((await zfsNodeNames(lab)).includes(name)) {
    const { address, port, user } = await attachZfsNode(lab, name);
    const checks = [
      "-o",
      "StrictHostKeyChecking=no",
      "-o",
      "UserKnownHostsFile=/dev/null",
      "-o",
      "LogLevel=ERROR",
    ];
    const argv = ["ssh", "-t", "-i", identityFile, "-p", String(port), ...checks, `${user}@${address}`];
    return Bun.spawn(argv, { stdio: ["inherit", "inherit", "inherit"] }).exited;
  }
  const node = (await attachLab(lab)).nodes.find((candidate) => candidate.name === name);
  if (!node) throw new LabError(`lab ${lab} has no node ${name}`);
  const argv = await enterNode(node.lan, name, [`TERM=${process.env.TERM ?? "dumb"}`, "bash", "-l"]);
  return Bun.spawn(argv, { stdio: ["inherit", "inherit", "inherit"] }).exited;
}

/** A number, or names with commas. */
function nodeNames(text: string, initial: string): string[] {
  if (!/^\d+$/.test(text)) return text.split(",");
  return Array.from({ length: Number(text) }, (_, index) => `${initial}${index + 1}`);
}

function zfsNodeToml(node: ZfsNode): string {
  const { name, address, port, user, hostKey: host_key, pool } = node;
  const table = {
    name,
    address,
    port,
    user,
    identity_file: identityFile,
    host_key,
    storage: { kind: "zfs", pool },
  };
  return stringify({ node: [table] });
}

function imageName(text: string): ImageName {
  const name = imageNames.find((candidate) => candidate === text);
  if (!name) throw new LabError(`there is no image ${text}, only ${imageNames.join(" and ")}`);
  return name;
}

/** What went wrong, then what that came from. */
function explain(error: unknown): string[] {
  if (!(error instanceof Error)) return [String(error)];
  const origins = error instanceof AggregateError ? error.errors : error.cause ? [error.cause] : [];
  return [error.message, ...origins.flatMap(explain)];
}

try {
  process.exitCode = await main();
} catch (error) {
  for (const line of explain(error)) say(line);
  process.exitCode = 1;
}
