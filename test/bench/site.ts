import { join } from "node:path";
import type { ImageName } from "../lab/images.ts";
import { downLab, type Lab, upLab } from "../lab/namespace-lab.ts";
import type { Outcome } from "../lab/run.ts";
import { newOperator, nodeTable, type Operator } from "../lab/waifuctl.ts";
import { startZfsNode, stopZfsNodes } from "../lab/zfs-node/zfs-node.ts";

const LAB = "bench";
export const storageKinds = ["dir", "zfs"] as const;
export type StorageKind = (typeof storageKinds)[number];

/** One node with nothing on it, and somebody who knows it. */
export type Site = {
  readonly storage: StorageKind;
  readonly lab: Lab;
  readonly operator: Operator;
  /** Runs a program on the node as root and gives its stdout; throws unless that ends well. */
  onNode(...argv: string[]): Promise<string>;
  /** How OpenSSH reaches the node, with the host key pinned; the command's words follow. */
  readonly ssh: readonly string[];
};

/** A lab of its own, after whatever an interrupted run left of it is gone. */
export async function openSite(storage: StorageKind, images: readonly ImageName[]): Promise<Site> {
  await closeSites();
  console.error(`bench: bringing up a node with ${storage} storage`);
  const lab = await upLab(LAB, storage === "dir" ? ["n1"] : [], { images });
  const node = storage === "zfs" ? await startZfsNode(LAB, "z1") : lab.nodes[0];
  if (node === undefined) throw new Error("the lab has no node");
  // It has one CPU, and `list` wants five instances.
  const changes = "pool" in node ? { storage: { kind: "zfs", pool: node.pool }, cpu_overcommit: 8 } : {};
  const operator = await newOperator([nodeTable(node, changes)]);
  const knownHosts = join(operator.home, "known_hosts");
  await Bun.write(knownHosts, `${node.name} ${node.hostKey}\n`);
  return {
    storage,
    lab,
    operator,
    async onNode(...argv) {
      const { stdout, stderr, exitCode }: Outcome = await node.exec(argv, { timeoutMs: 600_000 });
      if (exitCode !== 0) throw new Error(`${argv.join(" ")}: exit ${exitCode}\n${stderr}`);
      return stdout;
    },
    ssh: [
      ...["ssh", "-F", "none", "-i", node.identityFile, "-p", String(node.port)],
      ...[`-oUserKnownHostsFile=${knownHosts}`, `-oHostKeyAlias=${node.name}`],
      ...["-oStrictHostKeyChecking=yes", "-oBatchMode=yes", `${node.user}@${node.address}`],
    ],
  };
}

/** Nothing of the lab is left. Harmless if it isn't up. */
export async function closeSites(): Promise<void> {
  await Promise.all([downLab(LAB), stopZfsNodes(LAB)]);
}
