import { createHash } from "node:crypto";
import { join } from "node:path";
import type { ClusterConfig, NetworkConfig, NodeConfig, StorageConfig } from "./cluster-config.ts";
import type { CheckedClusterFile } from "./cluster-file.ts";
import { type Environment, expandPath, xdgFolder } from "./cluster-paths.ts";

type Origin = { path: string; folder: string; environment: Environment };
type NodeTable = CheckedClusterFile["node"][number];
type NodeDefaults = NonNullable<CheckedClusterFile["node_defaults"]>;

const GiB = 1024 ** 3;

/** The checked file with its defaults filled in and its paths made absolute. */
export function resolveClusterConfig(file: CheckedClusterFile, origin: Origin): ClusterConfig {
  const { defaults = {}, node_defaults: nodeDefaults = {} } = file;
  const absolute = (path: string | undefined) =>
    path === undefined ? undefined : expandPath(path, origin.folder, origin.environment);
  return {
    path: origin.path,
    statePath: absolute(file.state) ?? defaultStatePath(origin),
    catalogPath: absolute(file.catalog),
    defaults: {
      template: defaults.template,
      cpus: defaults.cpus ?? 1,
      memoryBytes: defaults.memory ?? GiB,
      diskBytes: defaults.disk ?? 10 * GiB,
      sshKeyFile: absolute(defaults.ssh_key),
      userDataFile: absolute(defaults.user_data),
    },
    nodes: file.node.map((node) => resolveNode(node, nodeDefaults, absolute)),
  };
}

/** Each cluster file has a state of its own: two clusters may use the same names for their nodes. */
function defaultStatePath({ path, environment }: Origin): string {
  const digest = createHash("sha256").update(path).digest("hex").slice(0, 12);
  return join(xdgFolder(environment, "STATE"), "waifuctl", `cluster-${digest}.db`);
}

function resolveNode(
  node: NodeTable,
  defaults: NodeDefaults,
  absolute: (path: string | undefined) => string | undefined,
): NodeConfig {
  const merged = { ...defaults, ...node };
  const { address } = merged;
  return {
    name: node.name,
    ssh:
      node.local === true || address === undefined
        ? undefined
        : {
            address,
            port: merged.port,
            user: merged.user,
            identityFile: absolute(merged.identity_file),
            jumpHost: merged.jump_host,
            hostKey: merged.host_key,
          },
    become: merged.become,
    labels: merged.labels ?? {},
    storage: resolveStorage(merged.storage),
    // A node's network replaces a default bridge, and the other way round.
    network: resolveNetwork(node) ?? resolveNetwork(defaults) ?? { kind: "network", name: "default" },
    libvirtUri: merged.libvirt_uri ?? "qemu:///system",
    memoryOvercommit: merged.memory_overcommit ?? 1,
    cpuOvercommit: merged.cpu_overcommit ?? 4,
  };
}

function resolveStorage(table: NodeTable["storage"]): StorageConfig {
  return table?.pool === undefined
    ? { kind: "dir", path: table?.path ?? "/var/lib/waifu" }
    : { kind: "zfs", pool: table.pool };
}

function resolveNetwork({ network, bridge }: NodeDefaults): NetworkConfig | undefined {
  if (bridge !== undefined) return { kind: "bridge", name: bridge };
  return network === undefined ? undefined : { kind: "network", name: network };
}
