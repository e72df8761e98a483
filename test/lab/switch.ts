import { destroyNetns, netnsExists } from "./netns.ts";
import { must, run } from "./run.ts";

/**
 * The lab's ethernet: a bridge in a namespace of its own, so that neither the host's firewall nor its sysctls matter to the
 * nodes. One cable leads to the host, which is where the operator sits.
 */
export type Switch = { lab: string; number: number };

export const switchNetns = (lab: string) => `waifu.${lab}`;
export const subnetAddress = (number: number, host: number) => `10.77.${number}.${host}`;
export const OPERATOR = 1;
/** The switch itself, where the image mirror listens. */
export const MIRROR = 2;
export const FIRST_NODE = 11;

export async function createSwitch({ lab, number }: Switch): Promise<void> {
  const netns = switchNetns(lab);
  if (await netnsExists(netns)) return;
  const cable = operatorLink(number);
  // A leftover of a machine whose namespaces were removed by hand.
  await run(["ip", "link", "del", cable]);
  await must(["ip", "netns", "add", netns]);
  await must(["ip", "-n", netns, "link", "set", "lo", "up"]);
  await must(["ip", "-n", netns, "link", "add", "br0", "type", "bridge"]);
  await must(["ip", "-n", netns, "addr", "add", `${subnetAddress(number, MIRROR)}/24`, "dev", "br0"]);
  await must(["ip", "-n", netns, "link", "set", "br0", "up"]);
  await must(["ip", "link", "add", cable, "type", "veth", "peer", "name", "operator", "netns", netns]);
  await must(["ip", "-n", netns, "link", "set", "operator", "master", "br0", "up"]);
  await must(["ip", "addr", "add", `${subnetAddress(number, OPERATOR)}/24`, "dev", cable]);
  await must(["ip", "link", "set", cable, "up"]);
}

/** Removes the switch with its cables, and whatever still runs in its namespace. */
export async function destroySwitch({ lab, number }: Switch): Promise<void> {
  await run(["ip", "link", "del", operatorLink(number)]);
  await destroyNetns(switchNetns(lab));
}

/** Connects a namespace to the switch; its end of the cable is eth0, ours is called `port`. */
export async function plugIn(lan: Switch, port: string, netns: string, host: number): Promise<void> {
  const hex = (n: number) => n.toString(16).padStart(2, "0");
  // A fixed address: after a node's restart its neighbours' ARP caches are still right.
  const mac = `02:77:00:00:${hex(lan.number)}:${hex(host)}`;
  const end = ["name", "eth0", "address", mac, "netns", netns];
  await unplug(lan, port);
  await must(["ip", "link", "add", port, "netns", switchNetns(lan.lab), "type", "veth", "peer", ...end]);
  await must(["ip", "-n", switchNetns(lan.lab), "link", "set", port, "master", "br0", "up"]);
  await must(["ip", "-n", netns, "addr", "add", `${subnetAddress(lan.number, host)}/24`, "dev", "eth0"]);
  await must(["ip", "-n", netns, "link", "set", "eth0", "up"]);
  await must(["ip", "-n", netns, "link", "set", "lo", "up"]);
}

/** Takes the cable out. Harmless if there is none. */
export async function unplug({ lab }: Switch, port: string): Promise<void> {
  await run(["ip", "-n", switchNetns(lab), "link", "del", port]);
}

/** Cuts or mends the cable without taking it out: both ends keep their configuration. */
export async function setLink({ lab }: Switch, port: string, state: "up" | "down"): Promise<void> {
  await must(["ip", "-n", switchNetns(lab), "link", "set", port, state]);
}

const operatorLink = (number: number) => `waifulab${number}`;
