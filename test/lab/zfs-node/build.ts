import { rm } from "node:fs/promises";
import { join } from "node:path";
import { cached, contentsOf } from "../cache.ts";
import { makeIdentity } from "../identity.ts";
import { identityFile } from "../paths.ts";
import { LabError, must } from "../run.ts";
import {
  createDisks,
  hardware,
  kernelCommandLine,
  killMachine,
  type MachineFiles,
  saveMachine,
  sshAddress,
  startMachine,
} from "./machine.ts";
import { overSsh, overSshOnceUp } from "./ssh.ts";

const inThisFolder = (name: string) => join(import.meta.dir, name);
const say = (line: string) => console.error(`zfs-node: ${line}`);
const textOf = (name: string) => Bun.file(inThisFolder(name)).text();

/**
 * A machine that booted, warmed up and was frozen; nodes are copies of it. Builds what the cache lacks: the tree of
 * files (6 minutes), the disk from it (10 s), the frozen machine (50 s).
 */
export async function buildSavedMachine(): Promise<MachineFiles> {
  await makeIdentity();
  const publicKey = await Bun.file(`${identityFile}.pub`).text();
  const rootfs = await cached("zfs-rootfs", [await textOf("rootfs.sh")], async (folder) => {
    say("building a Debian tree with ZFS, once: about 7 minutes");
    await must([inThisFolder("rootfs.sh"), join(folder, "tree")]);
  });
  const imageInputs = await Promise.all(["image.sh", "initramfs-init"].map(textOf));
  imageInputs.push(rootfs, publicKey, ...(await contentsOf(inThisFolder("tree"))));
  const image = await cached("zfs-image", imageInputs, async (folder) => {
    await must([inThisFolder("image.sh"), join(rootfs, "tree"), `${identityFile}.pub`, folder]);
  });
  const cold = {
    vmlinuz: join(image, "vmlinuz"),
    initrd: join(image, "initrd"),
    rootDisk: join(image, "root.qcow2"),
    poolDisk: join(image, "pool.qcow2"),
  };

  const warmUp = await textOf("warm-up.sh");
  const qemu = await must(["qemu-system-x86_64", "--version"]);
  const state = await cached("zfs-state", [image, warmUp, qemu, hardware, kernelCommandLine], (folder) =>
    saveState(folder, cold, warmUp),
  );
  return { ...cold, rootDisk: join(state, "root.qcow2"), savedState: join(state, "memory") };
}

async function saveState(folder: string, cold: MachineFiles, warmUp: string): Promise<void> {
  say("booting it, once, to save its memory: about 1 minute");
  await createDisks(folder, cold);
  try {
    await startMachine(folder, cold, "127.0.0.1");
    const target = { ...(await sshAddress(folder)), user: "root", identityFile };
    await overSshOnceUp(target, () => "systemctl is-system-running --wait", 600_000);
    const { exitCode, stderr } = await overSsh(target, "sh -s", { stdin: warmUp, timeoutMs: 300_000 });
    if (exitCode !== 0) throw new LabError(`the node's warm-up failed: ${stderr}`);
    await saveMachine(folder, join(folder, "memory"));
  } finally {
    await killMachine(folder);
  }
  await rm(join(folder, "pool.qcow2"));
}
