import { repeatable } from "../command.ts";
import { bringUpNetwork, startLibvirt } from "../libvirt/bring-up.ts";
import { defineGuestFilter } from "../libvirt/nwfilter.ts";
import { firewallRule } from "./look.ts";
import type { Machine } from "./machine.ts";
import type { Need, Subject } from "./need.ts";
import { renderNetwork } from "./service-files.ts";

/** libvirt's daemons, the guests' network, and what lets guests reach the node. */
export function libvirtNeeds(subject: Subject): Need[] {
  const { node, machine } = subject;
  return [
    {
      check: "libvirt",
      problem: libvirtProblem(machine),
      hint: `On ${node.name}: virsh -c ${node.libvirtUri} version`,
      mend: {
        stage: "libvirt",
        step: { title: "start libvirt, now and at every boot", commands: [startLibvirt()] },
      },
    },
    node.network.kind === "network" ? networkNeed(subject, node.network.name) : bridgeNeed(subject),
    {
      check: "guest filter",
      problem: machine.hasGuestFilter
        ? undefined
        : "libvirt does not know the filter against false addresses",
      mend: {
        stage: "network",
        step: { title: "define the guests' filter", commands: [defineGuestFilter(node.libvirtUri)] },
      },
    },
    // A bridge of the person's own is in a zone of the person's own.
    ...(node.network.kind === "network" ? [firewalldNeed(machine)] : []),
  ];
}

function libvirtProblem({ libvirt, sockets, units, versions }: Machine): string | undefined {
  const [socket, daemon] =
    libvirt === "modular" ? ["virtqemud-sock", "virtqemud.service"] : ["libvirt-sock", "libvirtd.service"];
  const absent = [socket, "virtlogd-sock"].filter((name) => !sockets.includes(name));
  if (absent.length > 0) return `nobody listens at /run/libvirt/${absent.join(", /run/libvirt/")}`;
  if (units.get(daemon)?.isEnabled !== true)
    return `${daemon} does not start with the node, nor do its guests`;
  return versions.qemu === undefined ? "libvirt does not answer, or has no QEMU" : undefined;
}

function networkNeed({ node, machine }: Subject, name: string): Need {
  const state = networkProblem(machine);
  const commands = [bringUpNetwork(node.libvirtUri, name, renderNetwork(name))];
  return {
    check: "network",
    problem: state && `the libvirt network ${name} ${state}`,
    mend: { stage: "network", step: { title: `network ${name}, now and at every boot`, commands } },
  };
}

function networkProblem({ network }: Machine): string | undefined {
  if (network === undefined) return "is not there";
  if (!network.isActive) return "is off";
  return network.isAutostart ? undefined : "does not start with the node";
}

function bridgeNeed({ node, machine }: Subject): Need {
  return {
    check: "network",
    problem: machine.bridge === undefined ? `there is no bridge ${node.network.name}` : undefined,
    hint: "Make it with the node's own network configuration, or correct `bridge` in cluster.toml.",
  };
}

function firewalldNeed({ firewalld }: Machine): Need {
  const add = ["--zone=libvirt", `--add-rich-rule=${firewallRule}`];
  return {
    check: "firewalld",
    problem: {
      off: undefined,
      open: undefined,
      "no zone": "firewalld has no zone libvirt",
      "no rule": "firewalld lets no guest ask for its metadata",
    }[firewalld],
    hint: "Restart libvirt: it makes the zone as it finds firewalld.",
    mend:
      firewalld === "no rule"
        ? {
            stage: "network",
            step: {
              title: "let guests through firewalld",
              commands: [
                repeatable(["firewall-cmd", "--permanent", ...add]),
                repeatable(["firewall-cmd", ...add]),
              ],
            },
          }
        : undefined,
  };
}
