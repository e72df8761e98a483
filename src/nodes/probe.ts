import type { Command, CommandResult } from "../command.ts";
import type { NodeConfig } from "../config/cluster-config.ts";
import { WaifuError } from "../errors.ts";
import { type Domain, listDomains, parseDomains } from "../libvirt/domain-list.ts";
import { type LibvirtNetwork, parseNetwork, readNetwork } from "../libvirt/network.ts";
import { readOverview, splitOverview } from "../libvirt/overview.ts";
import { lastComplaint } from "../libvirt/virsh.ts";
import { lockSequenceCommand, parseLockSequence } from "../ssh/node-lock.ts";
import type { StorageInventory } from "../storage/storage.ts";
import { storageOf } from "../storage/storage-of.ts";
import type { Cluster } from "./cluster.ts";
import { type NodeFacts, parseFacts, readFacts } from "./facts.ts";

/** One node as it stands: all that a verb needs to decide, read in one round trip. */
export type NodeProbe = {
  readonly node: NodeConfig;
  /** Of the node's lock, as each look read it before it looked: tells whether anybody changed the node since. */
  readonly sequences: readonly number[];
  readonly facts: NodeFacts;
  readonly domains: readonly Domain[];
  readonly storage: StorageInventory;
  /** Absent on a bridge, where addresses are given out by somebody else. */
  readonly network?: LibvirtNetwork;
};

type Connector = Pick<Cluster, "connect">;

/** Throws `remote-failed` when libvirt does not answer, `refused` when the storage or network is not there. */
export async function probeNode(
  cluster: Cluster,
  node: NodeConfig,
  signal?: AbortSignal,
): Promise<NodeProbe> {
  return (await probeNodeWith(cluster, node, [], signal)).probe;
}

/** The same, and in the same round trip what else is asked. */
export async function probeNodeWith(
  cluster: Cluster,
  node: NodeConfig,
  more: readonly Command[],
  signal?: AbortSignal,
): Promise<{ readonly probe: NodeProbe; readonly more: readonly CommandResult[] }> {
  const runner = await cluster.connect(node);
  const storage = storageOf(node.storage);
  const networkName = node.network.kind === "network" ? node.network.name : undefined;
  // Channels of one connection, at once: a round trip, and the node's cores share the work. What takes longest comes first.
  const look = (...commands: Command[]) => runner.runAll([lockSequenceCommand(), ...commands], signal);
  const uri = node.libvirtUri;
  const looks = await Promise.all([
    look(networkName === undefined ? listDomains(uri) : readOverview(uri, networkName)),
    look(readFacts(), storage.inventory(), ...more),
  ]);
  const [[, overview], [, facts, disks, ...rest]] = looks;
  if (facts === undefined || overview === undefined || disks === undefined) {
    throw new WaifuError("outcome-unknown", `node ${node.name} gave half an answer`, { node: node.name });
  }
  const { domains, network } = splitOverview(overview);
  const probe = {
    node,
    sequences: looks.flatMap(([sequence]) => (sequence === undefined ? [] : parseLockSequence(sequence))),
    facts: parseFacts(facts.stdout),
    domains: domainsOf(node, domains),
    storage: onNode(node, () => storage.parseInventory(disks)),
    network: networkName === undefined ? undefined : networkOf(node, networkName, network),
  };
  return { probe, more: rest };
}

/** Only the domains: what `list`, `ip` or `ssh` need. Throws `remote-failed` when libvirt does not answer. */
export async function probeDomains(
  cluster: Connector,
  node: NodeConfig,
  signal?: AbortSignal,
): Promise<Domain[]> {
  const runner = await cluster.connect(node);
  return domainsOf(node, await runner.run(listDomains(node.libvirtUri), signal));
}

/** Only the storage. Throws `refused` when the pool or folder is not there. */
export async function probeStorage(
  cluster: Connector,
  node: NodeConfig,
  signal?: AbortSignal,
): Promise<StorageInventory> {
  const storage = storageOf(node.storage);
  const runner = await cluster.connect(node);
  const result = await runner.run(storage.inventory(), signal);
  return onNode(node, () => storage.parseInventory(result));
}

/** Only the network; undefined on a bridge. Throws `refused` when it is not there, or off. */
export async function probeNetwork(
  cluster: Connector,
  node: NodeConfig,
  signal?: AbortSignal,
): Promise<LibvirtNetwork | undefined> {
  if (node.network.kind === "bridge") return undefined;
  const { name } = node.network;
  const runner = await cluster.connect(node);
  return networkOf(node, name, await runner.run(readNetwork(node.libvirtUri, name), signal));
}

function domainsOf(node: NodeConfig, result: CommandResult): Domain[] {
  if (result.exitCode === 0) return parseDomains(result.stdout);
  throw new WaifuError(
    "remote-failed",
    `libvirt does not answer on node ${node.name}: ${lastComplaint(result.stderr)}`,
    {
      node: node.name,
      hint: `On ${node.name}: systemctl start libvirtd (and check: virsh -c ${node.libvirtUri} list).`,
    },
  );
}

function networkOf(node: NodeConfig, name: string, result: CommandResult): LibvirtNetwork {
  if (result.exitCode !== 0) {
    throw new WaifuError(
      "refused",
      `node ${node.name} has no libvirt network ${name}: ${lastComplaint(result.stderr)}`,
      {
        node: node.name,
        hint: "Correct `network` in cluster.toml, or name a bridge there.",
      },
    );
  }
  const network = parseNetwork(result.stdout);
  if (!network.isActive) {
    throw new WaifuError("refused", `the libvirt network ${name} is off on node ${node.name}`, {
      node: node.name,
      hint: `On ${node.name}: virsh net-start ${name} && virsh net-autostart ${name}`,
    });
  }
  return network;
}

/** Says in an error which node it is about. */
export function onNode<T>(node: NodeConfig, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof WaifuError)) throw error;
    throw new WaifuError(error.code, `node ${node.name}: ${error.message}`, {
      ...error,
      node: node.name,
      cause: error,
    });
  }
}
