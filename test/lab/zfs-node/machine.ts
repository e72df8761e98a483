import { existsSync } from "node:fs";
import { join } from "node:path";
import { must } from "../run.ts";
import { openQmp, type Qmp } from "./qmp.ts";

/** What QEMU needs from the build: the kernel, and the disks that a machine's own lie on. */
export type MachineFiles = { vmlinuz: string; initrd: string; rootDisk: string };

/**
 * The virtual hardware. A saved state fits only the hardware that it was saved on, so this text is part of its digest.
 * One processor: with two, one boot in eight hung in libvirt's probe of QEMU.
 */
export const hardware: readonly string[] = [
  ...["-machine", "pc", "-accel", "tcg,thread=multi,tb-size=512", "-cpu", "max", "-smp", "1", "-m", "3072"],
  ...["-nodefaults", "-display", "none", "-device", "virtio-rng-pci"],
  ...["-device", "virtio-net-pci,netdev=uplink,mac=52:54:00:00:00:01,romfile="],
  ...["-device", "virtio-blk-pci,drive=root", "-device", "virtio-blk-pci,drive=pool"],
];

const kernelCommandLine =
  "root=/dev/vda rw console=ttyS0 net.ifnames=0 quiet loglevel=3 mitigations=off tsc=reliable random.trust_cpu=on " +
  "audit=0 apparmor=0 cryptomgr.notests nokaslr rcupdate.rcu_expedited=1 systemd.show_status=0";

/** Makes the machine's disks in `folder`: its own layer over the root disk, and an empty one for the pool. */
export async function createDisks(folder: string, files: MachineFiles): Promise<void> {
  await must([
    "qemu-img",
    "create",
    "-q",
    "-f",
    "qcow2",
    "-F",
    "qcow2",
    "-b",
    files.rootDisk,
    join(folder, "root.qcow2"),
  ]);
  await must(["qemu-img", "create", "-q", "-f", "qcow2", join(folder, "pool.qcow2"), "8G"]);
}

/**
 * Starts the machine of `folder` in the background, where it outlives this process: cold, or from a saved state.
 * Its SSH is on a free port of 127.0.0.1 (see `sshPort`).
 */
export async function startMachine(folder: string, files: MachineFiles, savedState?: string): Promise<void> {
  const disk = (id: string) =>
    `if=none,id=${id},file=${join(folder, `${id}.qcow2`)},cache=unsafe,discard=unmap,detect-zeroes=unmap`;
  await must([
    "qemu-system-x86_64",
    ...[
      "-name",
      folder,
      "-daemonize",
      "-pidfile",
      join(folder, "pid"),
      "-serial",
      `file:${join(folder, "console.log")}`,
    ],
    ...["-qmp", `unix:${join(folder, "qmp")},server=on,wait=off`],
    ...["-netdev", "user,id=uplink,hostfwd=tcp:127.0.0.1:0-:22"],
    ...["-drive", disk("root"), "-drive", disk("pool")],
    ...["-kernel", files.vmlinuz, "-initrd", files.initrd, "-append", kernelCommandLine],
    ...hardware,
    ...(savedState ? ["-incoming", "defer"] : []),
  ]);
  if (!savedState) return;
  await withQmp(folder, async (qmp) => {
    await qmp.migrate("migrate-incoming", `exec:cat ${savedState}`);
    await qmp.execute("cont");
  });
}

/** Freezes the machine, writes its memory to `savedState` and ends it; its disks now belong to that state. */
export async function saveMachine(folder: string, savedState: string): Promise<void> {
  await withQmp(folder, async (qmp) => {
    await qmp.execute("stop");
    await qmp.execute("migrate-set-parameters", { "max-bandwidth": 10 * 1024 ** 3 });
    await qmp.migrate("migrate", `exec:cat > ${savedState}`);
    await qmp.execute("quit");
  });
}

export async function sshPort(folder: string): Promise<number> {
  const usernet = await withQmp(folder, (qmp) => qmp.human("info usernet"));
  const port = /TCP\[HOST_FORWARD\]\s+\d+\s+127\.0\.0\.1\s+(\d+)/.exec(usernet)?.[1];
  if (!port) throw new Error(`${folder} forwards no SSH port:\n${usernet}`);
  return Number(port);
}

/** Pulls or plugs the machine's network cable. */
export async function setLink(folder: string, isUp: boolean): Promise<void> {
  await withQmp(folder, (qmp) => qmp.execute("set_link", { name: "uplink", up: isUp }));
}

/** Whether the process in the pid file is still this machine, and not some later process of that number. */
export async function runningPid(folder: string): Promise<number | undefined> {
  const pidFile = join(folder, "pid");
  if (!existsSync(pidFile)) return undefined;
  const pid = Number(await Bun.file(pidFile).text());
  const commandLine = Bun.file(`/proc/${pid}/cmdline`);
  if (!(await commandLine.exists())) return undefined;
  return (await commandLine.text()).split("\0").includes(folder) ? pid : undefined;
}

/** Ends the machine as a power cut would; returns when its process is gone. */
export async function killMachine(folder: string): Promise<void> {
  const pid = await runningPid(folder);
  if (pid === undefined) return;
  process.kill(pid, "SIGKILL");
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
