import { type Command, repeatable } from "../command.ts";
import { virsh } from "./virsh.ts";

export type MachineSize = { readonly cpus: number; readonly memoryBytes: number };

/**
 * Changes a domain's definition, as it will be at its next start; all else in it stays as it is, also what somebody put there by hand.
 * Each maximum comes first: libvirt lowers what is above it, and refuses what would be.
 */
export function resizeDomain(uri: string, uuid: string, { cpus, memoryBytes }: MachineSize): Command[] {
  const kibibytes = String(Math.ceil(memoryBytes / 1024));
  return [
    ["setvcpus", uuid, String(cpus), "--maximum", "--config"],
    ["setvcpus", uuid, String(cpus), "--config"],
    ["setmaxmem", uuid, kibibytes, "--config"],
    ["setmem", uuid, kibibytes, "--config"],
  ].map((words) => repeatable(virsh(uri, ...words)));
}
