import { type Command, repeatable } from "../command.ts";
import { guestFilterFile } from "../libvirt/nwfilter.ts";
import { redisSocket } from "../metadata/service-paths.ts";

export type NodeFacts = {
  readonly architecture: string;
  readonly kernel: string;
  readonly cpus: number;
  readonly memoryTotalBytes: number;
  readonly memoryAvailableBytes: number;
  /** /dev/kvm can be opened; otherwise guests are emulated. */
  readonly hasKvm: boolean;
  /** Seeds can be served over HTTP: `node setup` was here. */
  readonly hasMetadataService: boolean;
  /** libvirt knows our filter against spoofed addresses. */
  readonly hasGuestFilter: boolean;
};

const factsScript = `
uname -mr; nproc
sed -n 's/^MemTotal: *\\([0-9]*\\) kB/\\1/p; s/^MemAvailable: *\\([0-9]*\\) kB/\\1/p' /proc/meminfo
[ -r /dev/kvm ] && [ -w /dev/kvm ] && echo kvm || echo tcg
[ -S "$1" ] && echo metadata
[ -e "$2" ] && echo filter; :`;

export function readFacts(): Command {
  return repeatable(["sh", "-c", factsScript, "sh", redisSocket, guestFilterFile]);
}

export function parseFacts(stdout: string): NodeFacts {
  const [system = "", cpus, total, available, accelerator, ...others] = stdout.trim().split("\n");
  const [kernel = "", architecture = ""] = system.split(" ");
  return {
    architecture,
    kernel,
    cpus: Number(cpus),
    memoryTotalBytes: Number(total) * 1024,
    memoryAvailableBytes: Number(available) * 1024,
    hasKvm: accelerator === "kvm",
    hasMetadataService: others.includes("metadata"),
    hasGuestFilter: others.includes("filter"),
  };
}
