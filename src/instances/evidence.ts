import { type Command, repeatable } from "../command.ts";
import { consoleLogPath } from "../libvirt/domain-xml.ts";
import { domainAddresses, domainState, parseDomainAddresses, virsh } from "../libvirt/virsh.ts";
import { parseBootRecord, readBootRecord } from "../metadata/boot-record.ts";
import type { Cluster } from "../nodes/cluster.ts";
import type { Instance } from "./locate.ts";

/** What is known of a guest that can't be reached, gathered in one round trip. */
export type Evidence = {
  /** libvirt's state and reason, such as `running (booted)`. */
  readonly domainState: string;
  readonly reserved?: string;
  readonly lease?: string;
  readonly arp?: string;
  /** What the guest agent says of the guest's own interfaces; undefined when the agent does not answer. */
  readonly agent?: string;
  readonly agentAnswers: boolean;
  /** Of the seed's disk since the start, or 1 when the metadata service was asked: none means that cloud-init never looked. */
  readonly seedReads: number;
  readonly diskReads: number;
  readonly consoleTail: readonly string[];
};

const CONSOLE_BYTES = "4096";

export async function gatherEvidence(
  cluster: Cluster,
  { node, spec }: Instance,
  signal?: AbortSignal,
): Promise<Evidence> {
  const [uri, uuid] = [node.libvirtUri, spec.uuid];
  const commands: Command[] = [
    domainState(uri, uuid),
    domainAddresses(uri, uuid, "lease"),
    domainAddresses(uri, uuid, "arp"),
    domainAddresses(uri, uuid, "agent"),
    repeatable(virsh(uri, "domstats", "--raw", "--nowait", "--block", uuid)),
    repeatable(["tail", "-c", CONSOLE_BYTES, consoleLogPath(spec.name)]),
    ...(spec.seed === "http" ? [readBootRecord(uuid)] : []),
  ];
  const runner = await cluster.connect(node);
  const [state, lease, arp, agent, blocks, console, record] = await runner.runAll(commands, signal);
  const addressIn = (result: typeof lease) =>
    parseDomainAddresses(result?.stdout ?? "").find((row) => row.mac === spec.mac && row.protocol === "ipv4")
      ?.address;
  return {
    domainState: state?.stdout.trim() ?? "",
    reserved: spec.address,
    lease: addressIn(lease),
    arp: addressIn(arp),
    agent: addressIn(agent),
    agentAnswers: agent?.exitCode === 0,
    seedReads:
      spec.seed === "http"
        ? Number(parseBootRecord(record?.stdout ?? "").metaDataAt !== undefined)
        : readRequests(blocks?.stdout ?? "", "vdb"),
    diskReads: readRequests(blocks?.stdout ?? "", "vda"),
    consoleTail: printableLines(console?.stdout ?? "").slice(-8),
  };
}

function readRequests(domstats: string, device: string): number {
  const index = /block\.(\d+)\.name=(\w+)/g;
  for (const [, number, name] of domstats.matchAll(index)) {
    if (name === device)
      return Number(new RegExp(`block\\.${number}\\.rd\\.reqs=(\\d+)`).exec(domstats)?.[1] ?? 0);
  }
  return 0;
}

/** The guest writes its console: escape sequences and control characters must not reach the operator's terminal. */
function printableLines(text: string): string[] {
  return Bun.stripANSI(text)
    .split(/[\r\n]+/)
    .map((line) => line.replace(/\p{Cc}/gu, "").trim())
    .filter((line) => line !== "");
}
