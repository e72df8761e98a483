import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { withLock } from "../lock.ts";
import { identityFile, nodeDiskDir } from "../paths.ts";
import { LabError, must, type Outcome } from "../run.ts";
import { buildSavedMachine, type SavedMachine } from "./build.ts";
import { createDisks, killMachine, runningPid, sshPort, startMachine } from "./machine.ts";
import { overSsh, shellLine } from "./ssh.ts";

/** A virtual machine with what a namespace can't have: the ZFS module, zvols, and KVM for its guests. */
export type ZfsNode = {
  name: string;
  address: string;
  port: number;
  user: string;
  identityFile: string;
  /** One line as in known_hosts, without the host: `ssh-ed25519 AAAA…`. */
  hostKey: string;
  pool: string;
  /** Runs a program on the node as root, by SSH. */
  exec(argv: readonly string[], options?: { stdin?: string; timeoutMs?: number }): Promise<Outcome>;
};

/** Builds and caches what nodes start from; half a second when that is done already. */
export async function buildZfsNode(): Promise<void> {
  await buildSavedMachine();
}

/** A node with an empty pool, or the one that is already up. It outlives this process: see `stopZfsNode`. */
export async function startZfsNode(lab: string, name: string): Promise<ZfsNode> {
  const folder = nodeDiskDir(lab, name);
  return withLock(`${folder}.lock`, async () => {
    if (await runningPid(folder)) return attachZfsNode(lab, name);
    const saved = await buildSavedMachine();
    const problems: unknown[] = [];
    // Emulated machines get stuck once in a while: a fresh copy, and at last a boot without the saved state, mend it.
    for (const savedState of [saved.warm.savedState, saved.warm.savedState, undefined]) {
      try {
        await bringUp(folder, name, saved, savedState);
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
  const folder = nodeDiskDir(lab, name);
  if (!(await runningPid(folder))) throw new LabError(`ZFS node ${name} of lab ${lab} is not running`);
  const port = await sshPort(folder);
  const publicKey = await Bun.file(join(folder, "host_key.pub")).text();
  const hostKey = publicKey.split(" ").slice(0, 2).join(" ");
  const knownHostsFile = join(folder, "known_hosts");
  await Bun.write(knownHostsFile, `[127.0.0.1]:${port} ${hostKey}\n`);
  const target = { port, user: "root", identityFile };
  return {
    ...{ name, address: "127.0.0.1", hostKey, pool: "tank", ...target },
    exec: (argv, options) => overSsh({ ...target, knownHostsFile }, shellLine(argv), options),
  };
}

/** Pulls the plug, and removes the node's disks. */
export async function stopZfsNode(lab: string, name: string): Promise<void> {
  const folder = nodeDiskDir(lab, name);
  await withLock(`${folder}.lock`, async () => {
    await killMachine(folder);
    await rm(folder, { recursive: true, force: true });
  });
  await rm(`${folder}.lock`, { force: true });
}

async function bringUp(
  folder: string,
  name: string,
  saved: SavedMachine,
  savedState?: string,
): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const hostKey = join(folder, "host_key");
  await must(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", hostKey]);

  const files = savedState ? saved.warm : saved.cold;
  await createDisks(folder, files);
  await startMachine(folder, files, savedState);
  const target = { port: await sshPort(folder), user: "root", identityFile };
  const deadline = Date.now() + (savedState ? 60_000 : 300_000);
  for (;;) {
    const line = shellLine(["become-node", name, String(Date.now() / 1000)]);
    const { exitCode, stderr } = await overSsh(target, line, {
      stdin: await Bun.file(hostKey).text(),
      timeoutMs: deadline - Date.now(),
    });
    if (exitCode === 0) return;
    if (exitCode !== 255 || Date.now() > deadline)
      throw new LabError(`${name}: become-node: exit ${exitCode} ${stderr}`);
    await Bun.sleep(300);
  }
}
