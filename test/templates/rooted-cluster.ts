import { createHash, randomBytes } from "node:crypto";
import { mkdir, mkdtemp, rm, utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { NodeConfig } from "../../src/config/cluster-config.ts";
import type { Cluster } from "../../src/nodes/cluster.ts";
import { storageOf } from "../../src/storage/storage-of.ts";
import { prepareTemplates } from "../../src/templates/prepare.ts";
import { createRecordingReporter } from "../recording-reporter.ts";
import { RootedRunner } from "../rooted-runner.ts";
import { nodeConfig, scriptedCluster } from "../scripted-cluster.ts";

const MiB = 1024 ** 2;

/** Nodes in folders of this machine: real files, real qemu-img, and templates to try things on. */
export type RootedCluster = {
  readonly cluster: Cluster;
  readonly nodes: readonly [NodeConfig, NodeConfig];
  readonly reporter: ReturnType<typeof createRecordingReporter>;
  readonly runners: ReadonlyMap<string, RootedRunner>;
  /** A file below a node's /var/lib/waifu. */
  path(node: string, ...words: string[]): string;
  /** Adds a version, and prepares it on these nodes; of a name the last is the newest. Gives its digest. */
  add(name: string, on: readonly NodeConfig[]): Promise<string>;
  /** A disk cloned from a version, with no domain. */
  clone(node: NodeConfig, name: string, digest: string): Promise<void>;
  /** Makes a file older than a day. */
  age(path: string): Promise<void>;
  leave(): Promise<void>;
};

export async function rootedCluster(
  makeRunner = (name: string, root: string) => new RootedRunner(name, root),
): Promise<RootedCluster> {
  const root = await mkdtemp(join(tmpdir(), "waifu-templates-"));
  const nodes = [nodeConfig("n1"), nodeConfig("n2")] as const;
  const runners = new Map(nodes.map(({ name }) => [name, makeRunner(name, join(root, name))]));
  for (const { name } of nodes) await mkdir(join(root, name, "lock"), { recursive: true });
  const scripted = scriptedCluster([]);
  const cluster: Cluster = {
    ...scripted,
    config: { ...scripted.config, nodes: [...nodes] },
    connect: async ({ name }) => runners.get(name) ?? Promise.reject(new Error(name)),
  };
  const reporter = createRecordingReporter();
  const path = (node: string, ...words: string[]) => join(root, node, "waifu", ...words);
  let added = 0;
  return {
    cluster,
    nodes,
    reporter,
    runners,
    path,
    async add(name, on) {
      const disk = randomBytes(MiB);
      disk.writeUInt16BE(0x55aa, 510);
      const digest = createHash("sha256").update(disk).digest("hex");
      const source = join(root, `${name}-${++added}.raw`);
      await Bun.write(source, disk);
      const addedAt = new Date(Date.UTC(2026, 0, added)).toISOString();
      cluster.state.templates.put({ name, digest, source, addedAt, trust: "given" });
      const { failures } = await prepareTemplates(cluster, { name, digest, source, isNewest: true }, on, {
        reporter,
      });
      if (failures[0] !== undefined) throw failures[0].error;
      return digest;
    },
    async clone(node, name, digest) {
      const disk = { name, uuid: crypto.randomUUID() };
      for (const command of storageOf(node.storage).createDisk(disk, digest, MiB))
        await runners.get(node.name)?.run(command);
    },
    async age(file) {
      const old = new Date(Date.now() - 25 * 3_600_000);
      await utimes(file, old, old);
    },
    leave: () => rm(root, { recursive: true }),
  };
}
