import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { LabError, must } from "../run.ts";
import { openQmp, type Qmp } from "./qmp.ts";
import type { SshTarget } from "./ssh.ts";

/** What QEMU needs from the build: the kernel, the disks that a machine's own are layers over, and perhaps a memory. */
export type MachineFiles = {
  vmlinuz: string;
  initrd: string;
  rootDisk: string;
  poolDisk: string;
  savedState?: string;
};

/**
 * The virtual hardware. A saved state fits only the hardware that it was saved on, so this text is part of its digest.
 * One processor: with two, one boot in eight hung in libvirt's probe of QEMU.
 */
export const hardware = [
  "-machine pc -accel tcg,thread=multi,tb-size=512 -cpu max -smp 1 -m 3072",
  "-nodefaults -display none -device virtio-rng-pci",
  "-device virtio-net-pci,netdev=uplink,mac=52:54:00:00:00:01,romfile=",
  "-device virtio-blk-pci,drive=root -device virtio-blk-pci,drive=pool",
].join(" ");

export const kernelCommandLine =
  "root=/dev/vda rw console=ttyS0 net.ifnames=0 quiet loglevel=3 mitigations=off tsc=reliable random.trust_cpu=on " +
  "audit=0 apparmor=0 cryptomgr.notests nokaslr rcupdate.rcu_expedited=1 systemd.show_status=0";

/** Makes the disks of a machine in its folder. */
export async function createDisks(folder: string, files: MachineFiles): Promise<void> {
  const layer = (base: string, name: string) =>
    must([..."qemu-img create -q -f qcow2 -F qcow2 -b".split(" "), base, join(folder, name)]);
  await layer(files.rootDisk, "root.qcow2");
  await layer(files.poolDisk, "pool.qcow2");
}

/**
 * Starts the machine of `folder` in the background, where it outlives this process, from its saved state if it has one.
 * Its SSH is on a free port of `address`.
 */
export async function startMachine(folder: string, files: MachineFiles, address: string): Promise<void> {
  const inFolder = (name: string) => join(folder, name);
  const disk = (id: string) => `if=none,id=${id},file=${inFolder(id)}.qcow2,cache=unsafe,discard=unmap`;
  await must([
    ...["qemu-system-x86_64", "-name", folder, "-daemonize", "-pidfile", inFolder("pid")],
    ...["-serial", `file:${inFolder("console.log")}`, "-qmp", `unix:${inFolder("qmp")},server=on,wait=off`],
    ...["-drive", disk("root"), "-drive", disk("pool")],
    ...["-netdev", `user,id=uplink,hostfwd=tcp:${address}:0-:22`],
    ...["-kernel", files.vmlinuz, "-initrd", files.initrd, "-append", kernelCommandLine],
    ...hardware.split(" "),
    ...(files.savedState ? ["-incoming", "defer"] : []),
  ]);
  if (!files.savedState) return;
  await withQmp(folder, async (qmp) => {
    await qmp.migrate("migrate-incoming", `exec:cat ${files.savedState}`);
    await qmp.execute("cont");
  });
}

/** Freezes the machine, writes its memory to `savedState` and ends it; its root disk belongs to that state now. */
export async function saveMachine(folder: string, savedState: string): Promise<void> {
  await withQmp(folder, async (qmp) => {
    await qmp.execute("stop");
    await qmp.execute("migrate-set-parameters", { "max-bandwidth": 10 * 1024 ** 3 });
    await qmp.migrate("migrate", `exec:cat > ${savedState}`);
    await qmp.execute("quit");
  });
  await untilGone(folder);
}

/** Where the machine's SSH is reached. */
export async function sshAddress(folder: string): Promise<Pick<SshTarget, "address" | "port">> {
  const forwards = await withQmp(folder, (qmp) => qmp.human("info usernet"));
  const [, address, port] = /TCP\[HOST_FORWARD\]\s+\d+\s+(\S+)\s+(\d+)/.exec(forwards) ?? [];
  if (!address) throw new LabError(`${folder} forwards no SSH port:\n${forwards}`);
  return { address, port: Number(port) };
}

/** Pulls or plugs the machine's network cable. */
export async function setLink(folder: string, isUp: boolean): Promise<void> {
  await withQmp(folder, (qmp) => qmp.execute("set_link", { name: "uplink", up: isUp }));
}

/** The machine's process; a later process that has its number is not taken for it. */
export async function runningPid(folder: string): Promise<number | undefined> {
  const textOf = (file: string) => readFile(file, "utf8").catch(() => "");
  const pid = Number(await textOf(join(folder, "pid")));
  const commandLine = await textOf(`/proc/${pid}/cmdline`);
  return commandLine.split("\0").includes(folder) ? pid : undefined;
}

/** Ends the machine as a power cut would; returns when its process is gone. */
export async function killMachine(folder: string): Promise<void> {
  const pid = await runningPid(folder);
  if (pid === undefined) return;
  process.kill(pid, "SIGKILL");
  await untilGone(folder);
}

async function untilGone(folder: string): Promise<void> {
  while ((await runningPid(folder)) !== undefined) await Bun.sleep(20);
}

async function withQmp<T>(folder: string, use: (qmp: Qmp) => Promise<T>): Promise<T> {
  const qmp = await openQmp(join(folder, "qmp"));
  try {
    return await use(qmp);
  } finally {
    qmp.close();
  }
}
