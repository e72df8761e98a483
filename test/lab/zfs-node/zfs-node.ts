import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { withLock } from "../lock.ts";
import { cacheDir, identityFile } from "../paths.ts";
import { LabError, must, type Outcome } from "../run.ts";
import { buildSavedMachine } from "./build.ts";
import {
  createDisks,
  killMachine,
  type MachineFiles,
  runningPid,
  setLink,
  sshAddress,
  startMachine,
} from "./machine.ts";
import { overSsh, overSshOnceUp, type SshTarget, shellLine } from "./ssh.ts";

/** A virtual machine with what a namespace can't have: the ZFS module, zvols, and KVM for its guests. */
export type ZfsNode = SshTarget & {
  name: string;
  /** One line as in known_hosts, without the host: `ssh-ed25519 AAAA…`. */
  hostKey: string;
  pool: string;
  /** Runs a program on the node as root, by SSH. */
  exec(argv: readonly string[], options?: { stdin?: string; timeoutMs?: number }): Promise<Outcome>;
  /** Pulls or plugs its network cable. */
  setLink(isUp: boolean): Promise<void>;
};

/** Not in memory: the disks grow to gigabytes. */
const labFolder = (lab: string) => join(cacheDir, "zfs-nodes", lab);
const folderOf = (lab: string, name: string) => join(labFolder(lab), name);
const recordOf = (folder: string) => join(folder, "node.json");

/** Builds and caches what nodes start from. */
export async function buildZfsNode(): Promise<void> {
  await buildSavedMachine();
}

/**
 * A node with an empty pool, or the one that is already up. It outlives this process: see `stopZfsNode`.
 * Its SSH is on `address` of this machine; other nodes of the lab reach it there, too, unless that is the loopback.
 */
export async function startZfsNode(lab: string, name: string, address = "127.0.0.1"): Promise<ZfsNode> {
  const folder = folderOf(lab, name);
  return withLock(`${folder}.lock`, async () => {
    if (await isUp(folder)) return attachZfsNode(lab, name);
    await killMachine(folder);
    const warm = await buildSavedMachine();
    const cold = { ...warm, savedState: undefined };
    const problems: unknown[] = [];
    // Emulated machines get stuck once in a while: a fresh copy mends it, and at last a boot without the saved state.
    for (const files of [warm, warm, cold]) {
      try {
        await bringUp(folder, name, address, files);
        return await attachZfsNode(lab, name);
      } catch (problem) {
        problems.push(problem);
        await killMachine(folder);
      }
    }
    throw new AggregateError(problems, `ZFS node ${name} of lab ${lab} did not come up`);
  });
}

/** The node that is up; throws if none is. */
export async function attachZfsNode(lab: string, name: string): Promise<ZfsNode> {
  const folder = folderOf(lab, name);
  if (!(await isUp(folder))) throw new LabError(`ZFS node ${name} of lab ${lab} is not running`);
  const facts: Omit<ZfsNode, "exec" | "setLink"> = await Bun.file(recordOf(folder)).json();
  const knownHostsFile = join(folder, "known_hosts");
  return {
    ...facts,
    exec: (argv, options) => overSsh({ ...facts, knownHostsFile }, shellLine(argv), options),
    setLink: (isUp) => setLink(folder, isUp),
  };
}

/** Pulls the plug, and removes the node's disks. */
export async function stopZfsNode(lab: string, name: string): Promise<void> {
  const folder = folderOf(lab, name);
  await withLock(`${folder}.lock`, async () => {
    await killMachine(folder);
    await rm(folder, { recursive: true, force: true });
  });
}

/** Stops all of a lab and leaves nothing of it. */
export async function stopZfsNodes(lab: string): Promise<void> {
  const names = await zfsNodeNames(lab);
  await Promise.all(names.map((name) => stopZfsNode(lab, name)));
  await rm(labFolder(lab), { recursive: true, force: true });
}

/** The nodes that were started and not stopped yet. */
export async function zfsNodeNames(lab: string): Promise<string[]> {
  const entries = await readdir(labFolder(lab), { withFileTypes: true }).catch(() => []);
  return entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])).sort();
}

/** The record is the last thing that a start writes: without it, the start was interrupted. */
async function isUp(folder: string): Promise<boolean> {
  return (await Bun.file(recordOf(folder)).exists()) && (await runningPid(folder)) !== undefined;
}

/** Starts a machine, gives it an identity and a pool, and records how it is reached. */
async function bringUp(folder: string, name: string, address: string, files: MachineFiles): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const keyFile = join(folder, "host_key");
  await must(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", keyFile]);
  await createDisks(folder, files);
  await startMachine(folder, files, address);

  const target = { ...(await sshAddress(folder)), user: "root", identityFile };
  const becomeNode = () => shellLine(["become-node", name, String(Date.now() / 1000)]);
  const limitMs = files.savedState ? 60_000 : 300_000;
  await overSshOnceUp(target, becomeNode, limitMs, await readFile(keyFile, "utf8"));

  const hostKey = (await readFile(`${keyFile}.pub`, "utf8")).split(" ").slice(0, 2).join(" ");
  await Bun.write(join(folder, "known_hosts"), `[${target.address}]:${target.port} ${hostKey}\n`);
  await Bun.write(recordOf(folder), JSON.stringify({ name, ...target, hostKey, pool: "tank" }));
}
