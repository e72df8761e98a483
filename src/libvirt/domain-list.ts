import { type Command, repeatable } from "../command.ts";
import type { InstanceSpec } from "../instance-spec.ts";
import { metadataNamespace, parseMetadata } from "./metadata.ts";

/** virDomainState of libvirt-domain.h, as `domstats` numbers it. */
const states = [
  "unknown",
  "running",
  "blocked",
  "paused",
  "stopping",
  "stopped",
  "crashed",
  "suspended",
] as const;
export type DomainState = (typeof states)[number];

/** virDomainShutoffReason of libvirt-domain.h: `shutdown` by its guest, `destroyed` by its host. */
const offReasons = [
  "unknown",
  "shutdown",
  "destroyed",
  "crashed",
  "migrated",
  "saved",
  "failed",
  "snapshot",
  "daemon",
] as const;
export type OffReason = (typeof offReasons)[number];

export type Domain = {
  readonly uuid: string;
  readonly name: string;
  readonly state: DomainState;
  /** Of one that is stopped. */
  readonly offReason?: OffReason;
  /** Starts with its node. */
  readonly hasAutostart: boolean;
  readonly cpus: number;
  readonly memoryBytes: number;
  /** Absent: the domain is not ours. */
  readonly spec?: InstanceSpec;
};

/**
 * Constant text: the connection and the namespace are its arguments, and only UUIDs that libvirt printed enter virsh's own
 * command string. Batches of 400 stay under the kernel's 128 KiB for one argument. Without `-q` virsh ends each answer with
 * an empty line; with it the answers run into one another. Which start with their node is asked in the same process: it costs nothing.
 */
export const describeScript = `
printf '%s\\n' "$uuids" |
  sed -n "s|^[0-9a-f-]\\{36\\}$|echo @&; metadata & --uri $2; domstats --raw --nowait --state --balloon --vcpu &;|p" |
  xargs -r -d '\\n' -n 400 sh -c 'virsh -c "$0" "$* echo @autostart; list --all --autostart --uuid; echo @end" 2>/dev/null' "$1"
`;

const listScript = `uuids=$(virsh -q -c "$1" list --all --uuid) || exit${describeScript}`;

/** Every domain of the node with its figures and our metadata, in two virsh processes however many there are. */
export function listDomains(uri: string): Command {
  return repeatable(["sh", "-c", listScript, "sh", uri, metadataNamespace], { timeoutMs: 60_000 });
}

/** Domains that went away between the two processes have no figures and are left out. */
export function parseDomains(stdout: string): Domain[] {
  const blocks = stdout.split(/^@/m);
  const autostarted = new Set(
    blocks.filter((block) => block.startsWith("autostart\n")).flatMap((block) => block.split("\n")),
  );
  return blocks.map((block) => parseDomain(block, autostarted)).filter((domain) => domain !== undefined);
}

function parseDomain(block: string, autostarted: ReadonlySet<string>): Domain | undefined {
  const uuid = block.slice(0, 36);
  const at = block.search(/^Domain: '/m);
  if (at < 0) return undefined;
  const [heading = "", ...lines] = block.slice(at).split("\n");
  const stats = new Map(lines.map((line) => keyAndValue(line)));
  // A domain that was cloned by hand bears its original's metadata: it is not ours.
  const spec = parseMetadata(block.slice(36, at).trim());
  const state = states[Number(stats.get("state.state"))] ?? "unknown";
  return {
    uuid,
    name: heading.slice("Domain: '".length, heading.lastIndexOf("'")),
    state,
    offReason: state === "stopped" ? offReasons[Number(stats.get("state.reason"))] : undefined,
    hasAutostart: autostarted.has(uuid),
    cpus: Number(stats.get("vcpu.current") ?? 0),
    memoryBytes: Number(stats.get("balloon.maximum") ?? 0) * 1024,
    spec: spec?.uuid === uuid ? spec : undefined,
  };
}

function keyAndValue(line: string): [string, string] {
  const at = line.indexOf("=");
  return [line.slice(0, at).trim(), line.slice(at + 1)];
}

/** Whether it takes memory now. */
export function isActive(state: DomainState): boolean {
  return state !== "stopped" && state !== "crashed" && state !== "unknown";
}
