import type { LabNode } from "./node.ts";
import { LabError, type Outcome } from "./run.ts";
import { setLink } from "./switch.ts";

/** A node of either kind. */
type Machine = { readonly name: string; exec(argv: string[]): Promise<Outcome> };

/** What goes wrong with machines, to order. Every fault has its cure; each takes effect before its promise resolves. */

/** Ends sshd with all its sessions: connections are refused. A killed process is seen for a moment yet. */
export const stopSsh = (node: LabNode) =>
  onNode(node, "pkill -KILL -x sshd; timeout 10 sh -c 'while pgrep -x sshd; do sleep 0.05; done'");
export const startSsh = (node: LabNode) => onNode(node, "/usr/sbin/sshd");

/** Nothing goes in or out and nobody is told: connections hang. */
export const cutLink = (node: LabNode) => setLink(node.lan, node.name, "down");
export const mendLink = (node: LabNode) => setLink(node.lan, node.name, "up");

/** As a crash would: guests go on running, virsh has nobody to talk to, and no systemd starts it again. */
export const killLibvirtd = (node: Machine) =>
  onNode(
    node,
    `[ ! -d /run/systemd/system ] || systemctl -q mask --runtime libvirtd.service
    pkill -KILL -x libvirtd
    rm -f /run/libvirtd.pid`,
  );
export const startLibvirtd = (node: Machine) =>
  onNode(
    node,
    `if [ -d /run/systemd/system ]; then
      systemctl -q unmask --runtime libvirtd.service
      systemctl reset-failed 'libvirtd*'
      systemctl start libvirtd.socket libvirtd.service
    else libvirtd -d
    fi
    virsh -q list >/dev/null`,
  );

/** The machine was reinstalled, or is another one. Connections that are open stay open. */
export async function changeHostKey(node: LabNode): Promise<{ hostKey: string }> {
  const key = "/etc/ssh/ssh_host_ed25519_key";
  const script = `
    rm ${key} ${key}.pub && ssh-keygen -q -t ed25519 -N '' -f ${key}
    listener=$(cat /run/sshd.pid)
    kill $listener
    while kill -0 $listener 2>/dev/null; do sleep 0.01; done
    /usr/sbin/sshd && cat ${key}.pub`;
  const made = await onNode(node, script);
  return { hostKey: made.split(" ").slice(0, 2).join(" ") };
}

/** Puts /var/lib/waifu on a file system of its own, empty and this small. */
export const limitDisk = (node: LabNode, mebibytes: number) =>
  onNode(node, `mount -t tmpfs -o size=${mebibytes}M small /var/lib/waifu`);
/** Leaves no byte free on what `limitDisk` made: it shrinks to what is in use. A size of nothing would be none. */
export const fillDisk = (node: LabNode) =>
  onNode(
    node,
    `used=$(df -B1 --output=used /var/lib/waifu | tail -n 1) && mount -o "remount,size=$((used > 4096 ? used : 4096))" /var/lib/waifu`,
  );
export const freeDisk = (node: LabNode, mebibytes: number) =>
  onNode(node, `mount -o remount,size=${mebibytes}M /var/lib/waifu`);
/** Back to the real disk and what was there before. */
export const unlimitDisk = (node: LabNode) => onNode(node, "umount -l /var/lib/waifu");

async function onNode(node: Machine, script: string): Promise<string> {
  const { exitCode, stdout, stderr } = await node.exec(["sh", "-c", script]);
  if (exitCode !== 0) throw new LabError(`node ${node.name}: ${script}: ${stderr}`);
  return stdout;
}
