import { domainAddresses, parseDomainAddresses } from "../libvirt/virsh.ts";
import { parseBootRecord, readBootRecord } from "../metadata/boot-record.ts";
import type { Cluster } from "../nodes/cluster.ts";
import { findAddress } from "./address.ts";
import type { Instance } from "./locate.ts";

/** How far a guest's boot has come: asked for its address, read its seed, and said that it is ready. */
export type BootState = "defined" | "booting" | "configuring" | "running";

export type Boot = { readonly state: BootState; readonly address?: string };

/**
 * One look, in a round trip at most; `before` is what the last one found. Only of a guest that is served over HTTP can more be seen than
 * that it is booting.
 */
export async function lookAtBoot(
  cluster: Cluster,
  instance: Instance,
  before: BootState,
  signal?: AbortSignal,
): Promise<Boot> {
  const { node, spec } = instance;
  const found = await findAddress(cluster, instance, signal);
  // A reserved address is promised, not yet taken.
  const isTaken = found !== undefined && found.source !== "reservation";
  const asksLease = before === "defined" && !isTaken;
  const runner = await cluster.connect(node);
  const [lease, record] = await Promise.all([
    asksLease ? runner.run(domainAddresses(node.libvirtUri, spec.uuid, "lease"), signal) : undefined,
    spec.seed === "http" ? runner.run(readBootRecord(spec.uuid), signal) : undefined,
  ]);
  const hasLease = parseDomainAddresses(lease?.stdout ?? "").some(({ mac }) => mac === spec.mac);
  const { metaDataAt, phoneHomeAt } = parseBootRecord(record?.exitCode === 0 ? record.stdout : "");
  const address = found?.address;
  if (phoneHomeAt !== undefined) return { address, state: "running" };
  if (metaDataAt !== undefined) return { address, state: "configuring" };
  return { address, state: hasLease || isTaken || before !== "defined" ? "booting" : "defined" };
}

/** Public host keys that the guest told the metadata service; none when it is served by a disk, or has not come that far. */
export async function toldHostKeys(
  cluster: Cluster,
  { node, spec }: Instance,
  signal?: AbortSignal,
): Promise<readonly string[]> {
  if (spec.seed !== "http") return [];
  const runner = await cluster.connect(node);
  const { exitCode, stdout } = await runner.run(readBootRecord(spec.uuid), signal);
  return exitCode === 0 ? parseBootRecord(stdout).hostKeys : [];
}
