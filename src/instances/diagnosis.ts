import type { Evidence } from "./evidence.ts";

export type Diagnosis = { readonly cause: string; readonly hint: string };

/** The likeliest reason why a guest can't be reached, from the first link of the chain that is broken. */
export function diagnose(name: string, evidence: Evidence): Diagnosis {
  const { domainState, lease, arp, agent, seedReads, diskReads, consoleTail } = evidence;
  const logs = `Look at its console: waifuctl console ${name}`;
  if (domainState === "")
    return { cause: "libvirt does not know the domain any more", hint: "See waifuctl list." };
  if (!domainState.startsWith("running")) {
    return { cause: `it is not running: ${domainState}`, hint: `waifuctl start ${name}` };
  }
  if (
    consoleTail.some((line) =>
      /kernel panic|not syncing|dracut-initqueue|emergency mode|no bootable device/i.test(line),
    )
  ) {
    return { cause: "the guest's boot failed; its console says so", hint: logs };
  }
  if (diskReads === 0)
    return { cause: "the guest never read its disk: the firmware found nothing to boot", hint: logs };
  if (lease === undefined && arp === undefined && agent === undefined) {
    return seedReads === 0
      ? {
          cause: "it is still booting, or its image has no cloud-init: it has not looked at its seed yet",
          hint: logs,
        }
      : {
          cause: "it read its seed but asked for no address: its network is not up",
          hint: `${logs}; check network settings in its user-data`,
        };
  }
  if (evidence.reserved !== undefined && (lease ?? arp ?? agent) !== evidence.reserved) {
    return {
      cause: `it has ${lease ?? arp ?? agent}, not its reserved ${evidence.reserved}`,
      hint: `waifuctl reboot ${name} makes it ask again`,
    };
  }
  return seedReads === 0
    ? {
        cause: "it is on the network, but has not read its seed: the image may have no cloud-init",
        hint: logs,
      }
    : {
        cause: "it is on the network; what is missing is its SSH server, or cloud-init is still at work",
        hint: logs,
      };
}
