import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { inCgroup, removeCgroup } from "./cgroup.ts";
import { startDaemon } from "./daemon.ts";
import { destroyNetns, initPidOf } from "./netns.ts";
import { identityFile, nodeDiskDir } from "./paths.ts";
import { LabError, must, type Outcome, run } from "./run.ts";
import { plugIn, type Switch, subnetAddress, switchNetns, unplug } from "./switch.ts";

/** A machine of the lab: its own network, mounts, processes, sshd, redis and libvirtd. */
export type LabNode = {
  lan: Switch;
  name: string;
  host: number;
  address: string;
  port: number;
  user: string;
  identityFile: string;
  /** One line as in known_hosts, without the host: `ssh-ed25519 AAAA…`. */
  hostKey: string;
  /** Runs a program on the node as root, not by SSH but through its namespaces. */
  exec(argv: string[], options?: { stdin?: string | Uint8Array }): Promise<Outcome>;
};

const environment = [
  "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  "HOME=/root",
  "USER=root",
  "LC_ALL=C",
];

export const nodeNetns = (lab: string, node: string) => `${switchNetns(lab)}.${node}`;

/**
 * What a node boots: a small init of the lab's with all services running, in half a second; or the real systemd, with sshd and nothing
 * else running or set up for virtual machines.
 */
export type Init = "lab" | "systemd";

/**
 * Boots a node and waits until its services answer. What its disk holds from an earlier boot is still there, and so is what it boots.
 */
export async function startNode(lan: Switch, name: string, host: number, init: Init = "lab"): Promise<void> {
  const netns = nodeNetns(lan.lab, name);
  if (await initPidOf(netns)) return;
  const disk = nodeDiskDir(lan.lab, name);
  await mkdir(disk, { recursive: true });
  if (init === "systemd") await Bun.write(join(disk, "systemd"), "");
  const isSystemd = await Bun.file(join(disk, "systemd")).exists();
  await destroyNetns(netns);
  await must(["ip", "netns", "add", netns]);
  await plugIn(lan, name, netns, host);

  const namespaces = ["--mount", "--pid", "--uts", "--ipc", "--fork", "--kill-child", "--mount-proc"];
  const boot = [join(import.meta.dir, "node", "init"), name, disk, `${identityFile}.pub`];
  const enter = ["nsenter", `--net=/run/netns/${netns}`, "env", "-i", ...environment];
  const launch = isSystemd ? [...inCgroup(netns), ...enter, "unshare", "--cgroup"] : [...enter, "unshare"];
  try {
    await startDaemon([...launch, ...namespaces, ...boot], join(disk, "console.log"));
  } catch (cause) {
    await stopNode(lan, name);
    throw new LabError(`node ${name} did not come up`, { cause });
  }
}

/** Pulls the plug: everything on the node ends at once, its guests too. The disk stays. */
export async function stopNode(lan: Switch, name: string): Promise<void> {
  await unplug(lan, name);
  await destroyNetns(nodeNetns(lan.lab, name));
  await removeCgroup(nodeNetns(lan.lab, name));
}

export async function destroyNode(lan: Switch, name: string): Promise<void> {
  await stopNode(lan, name);
  await rm(nodeDiskDir(lan.lab, name), { recursive: true, force: true });
}

export async function attachNode(lan: Switch, name: string, host: number): Promise<LabNode> {
  const publicKey = join(nodeDiskDir(lan.lab, name), "overlay/etc/ssh/ssh_host_ed25519_key.pub");
  return {
    lan,
    name,
    host,
    address: subnetAddress(lan.number, host),
    port: 22,
    user: "root",
    identityFile,
    hostKey: (await readFile(publicKey, "utf8")).split(" ").slice(0, 2).join(" "),
    exec: async (argv, options) => run(await enterNode(lan, name, argv), options),
  };
}

/** The command line that runs `argv` inside a node's namespaces. */
export async function enterNode(lan: Switch, name: string, argv: string[]): Promise<string[]> {
  const pid = await initPidOf(nodeNetns(lan.lab, name));
  if (!pid) throw new LabError(`node ${name} of lab ${lan.lab} is not running`);
  const flags = ["--mount", "--pid", "--uts", "--ipc", "--net", "--root", "--wdns=/root"];
  return ["nsenter", "--target", String(pid), ...flags, "env", "-i", ...environment, ...argv];
}

export async function isRunning(lan: Switch, name: string): Promise<boolean> {
  return (await initPidOf(nodeNetns(lan.lab, name))) !== undefined;
}
