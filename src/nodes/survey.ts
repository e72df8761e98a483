import type { NodeConfig } from "../config/cluster-config.ts";
import { type NodeTable, resolveNodeTable } from "../config/node-table.ts";
import { toWaifuError, WaifuError } from "../errors.ts";
import type { Reporter } from "../reporter.ts";
import { formatSize } from "../size.ts";
import type { Dialer } from "../ssh/dialer.ts";
import type { Runner } from "../ssh/runner.ts";
import { discover, type Found } from "./discover.ts";
import type { NodeFacts } from "./facts.ts";
import { probeDomains, probeNetwork, probeStorage } from "./probe.ts";

/** The way to machines that no cluster.toml describes yet. */
export type Reach = {
  readonly dialer: Dialer;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** A connection of its own at each call, for the caller to close. Throws `unreachable`, `auth` or `host-key`. */
  connect(node: NodeConfig): Promise<Runner>;
};

/** A cluster file in the making. */
export type Setup = Reach & {
  /** Where it will be, absolute. */
  readonly path: string;
  /** Machines may be asked; otherwise what was said of them is taken as it is. */
  readonly isProbing: boolean;
  readonly reporter: Reporter;
  readonly signal?: AbortSignal;
};

export type { NodeTable };

/** What can be offered as a node's storage and network. */
export type Offers = Pick<Found, "pools" | "networks" | "bridges">;

/** Fills in the storage and the network that a table is silent about. */
export type Choose = (table: NodeTable, offers: Offers) => NodeTable | Promise<NodeTable>;

export type Survey = {
  readonly table: NodeTable;
  /** Absent: nobody asked it, or it did not answer. */
  readonly facts?: NodeFacts;
  /** What keeps it from running instances, each with what to do. */
  readonly problems: readonly WaifuError[];
};

const nothingKnown: Offers = { pools: [], networks: [], bridges: [] };

/** The first pool, and the `default` network, or what comes nearest. */
export function chooseFirst(table: NodeTable, { pools, networks, bridges }: Offers): NodeTable {
  const [pool] = pools;
  const storage =
    pool === undefined
      ? ({ kind: "dir", path: "/var/lib/waifu" } as const)
      : ({ kind: "zfs", pool } as const);
  const network = networks.includes("default") ? "default" : networks[0];
  const [bridge] = network === undefined ? bridges : [];
  const chosen = { ...table, storage: table.storage ?? storage };
  if (table.network !== undefined || table.bridge !== undefined) return chosen;
  return bridge === undefined ? { ...chosen, network: network ?? "default" } : { ...chosen, bridge };
}

/** The table itself, once it is known to be one that can be written. Throws `usage`. */
export function checkTable(setup: Setup, table: NodeTable): NodeTable {
  nodeOf(setup, table);
  return table;
}

/** What the table means. Throws `usage`. */
export function nodeOf({ path, environment }: Setup, table: NodeTable): NodeConfig {
  return resolveNodeTable(table, path, environment);
}

/**
 * Looks at a machine, completes its table, and checks what the table says. Warns of each problem and goes on; throws `usage`
 * for a table that can't be written.
 */
export async function survey(setup: Setup, table: NodeTable, choose: Choose): Promise<Survey> {
  const { isProbing, reporter } = setup;
  const node = nodeOf(setup, table);
  if (!isProbing) return { table: await choose(table, nothingKnown), problems: [] };
  const result = await look(setup, table, node, choose);
  for (const { message, hint } of result.problems)
    reporter.warn(hint === undefined ? message : `${message}\n${hint}`);
  return result;
}

async function look(setup: Setup, table: NodeTable, node: NodeConfig, choose: Choose): Promise<Survey> {
  const step = setup.reporter.step(`Looking at ${node.name}`);
  let found: Found;
  try {
    found = await discover(setup.connect, node, setup.signal);
  } catch (error) {
    step.failed();
    return { table: chooseFirst(table, nothingKnown), problems: [toProblem(error)] };
  }
  step.done(describe(found));
  const chosen = await choose({ ...table, become: found.become }, found);
  return { table: chosen, facts: found.facts, problems: await findProblems(setup, chosen, found) };
}

async function findProblems(setup: Setup, table: NodeTable, found: Found): Promise<WaifuError[]> {
  const node = nodeOf(setup, table);
  const missing = missingThings(node, found);
  // All else would only say again that they are not there.
  if (found.missing.length > 0) return missing;
  const runner = setup.connect(node);
  const cluster = { connect: () => runner };
  const checks = await Promise.allSettled([
    probeDomains(cluster, node, setup.signal).then(() => probeNetwork(cluster, node, setup.signal)),
    probeStorage(cluster, node, setup.signal),
  ]);
  await runner.then((opened) => opened.close()).catch(() => {});
  const reasons = checks.flatMap((check) => (check.status === "rejected" ? [check.reason] : []));
  return [...missing, ...[...new Set(reasons)].map(toProblem)];
}

function missingThings({ name, network }: NodeConfig, { isRoot, missing, bridges }: Found): WaifuError[] {
  const problem = (message: string, hint: string) => new WaifuError("refused", message, { node: name, hint });
  return [
    isRoot ||
      problem(
        `node ${name} lets us in, but not as root`,
        "Log in as root there, or allow sudo without a password.",
      ),
    missing.length === 0 ||
      problem(
        `node ${name} lacks ${missing.join(", ")}`,
        `On ${name} (Debian, Ubuntu): apt install libvirt-daemon-system libvirt-clients qemu-system-x86 qemu-utils curl util-linux`,
      ),
    network.kind === "network" ||
      bridges.includes(network.name) ||
      problem(
        `node ${name} has no bridge ${network.name}`,
        `Bridges there: ${bridges.join(", ") || "none"}.`,
      ),
  ].filter((thing) => thing !== true);
}

/** What nobody foresaw stays a bug and is thrown on. */
function toProblem(error: unknown): WaifuError {
  const problem = toWaifuError(error);
  if (problem.code === "bug" || problem.code === "interrupted") throw error;
  return problem;
}

function describe({ facts, become }: Found): string {
  const guests = facts.hasKvm ? "KVM" : "no KVM: guests will be emulated, and slow";
  return `${facts.cpus} CPUs, ${formatSize(facts.memoryTotalBytes)}, ${guests}${become ? ", root by sudo" : ""}`;
}
