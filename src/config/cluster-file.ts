import { z } from "zod";
import * as field from "./cluster-fields.ts";
import { dotted, type FileKind, type Mistake } from "./file-mistakes.ts";
import { listOfTables, rule } from "./table-rule.ts";

const storageTable = z
  .strictObject({
    kind: z.enum(["zfs", "dir"]),
    pool: field.dataset.optional(),
    path: field.absolutePath.optional(),
  })
  .check(
    rule((table) => table.kind !== "zfs" || "pool" in table, "pool", "is missing", 'Write pool = "tank".'),
    rule((table) => table.kind !== "zfs" || !("path" in table), "path", 'has no meaning with kind = "zfs"'),
    rule((table) => table.kind !== "dir" || !("pool" in table), "pool", 'has no meaning with kind = "dir"'),
  );

const isOneNetwork = rule(
  (table) => !("network" in table && "bridge" in table),
  "bridge",
  "excludes network",
  "Keep one of the two.",
);

const sharedKeys = {
  user: field.user.optional(),
  port: field.port.optional(),
  identity_file: field.operatorPath.optional(),
  jump_host: field.jumpHost.optional(),
  become: z.literal("sudo").optional(),
  storage: storageTable.optional(),
  network: field.networkName.optional(),
  bridge: field.bridgeName.optional(),
  libvirt_uri: field.libvirtUri.optional(),
  memory_overcommit: field.memoryRatio.optional(),
  cpu_overcommit: field.cpuRatio.optional(),
};

const nodeDefaultsTable = z.strictObject(sharedKeys).check(isOneNetwork);

const sshKeys = ["address", "user", "port", "identity_file", "jump_host", "host_key"];

const nodeTable = z
  .strictObject({
    name: field.nodeName,
    address: field.address.optional(),
    local: z.boolean().optional(),
    host_key: field.hostKey.optional(),
    labels: field.labels.optional(),
    ...sharedKeys,
  })
  .check(
    isOneNetwork,
    rule(
      (table) => "address" in table || table.local === true,
      "address",
      "is missing",
      "Give the node an address, or local = true for this very machine.",
    ),
    ...sshKeys.map((key) =>
      rule((table) => table.local !== true || !(key in table), key, "has no meaning with local = true"),
    ),
  );

const defaultsTable = z.strictObject({
  template: field.plainText.optional(),
  cpus: field.cpuCount.optional(),
  memory: field.bytes.optional(),
  disk: field.bytes.optional(),
  ssh_key: field.operatorPath.optional(),
  user_data: field.operatorPath.optional(),
});

/** cluster.toml as it is written: snake_case keys, sizes as text. */
export const clusterFile = z.strictObject({
  state: field.operatorPath.optional(),
  catalog: field.operatorPath.optional(),
  defaults: defaultsTable.optional(),
  node_defaults: nodeDefaultsTable.optional(),
  node: listOfTables("node", nodeTable).min(1),
});

export type ClusterFile = z.input<typeof clusterFile>;
export type CheckedClusterFile = z.output<typeof clusterFile>;

/** The keys each table knows, by its dotted path. */
export const knownKeys: Readonly<Record<string, readonly string[]>> = {
  "": Object.keys(clusterFile.shape),
  defaults: Object.keys(defaultsTable.shape),
  node_defaults: Object.keys(nodeDefaultsTable.shape),
  "node_defaults.storage": Object.keys(storageTable.shape),
  node: Object.keys(nodeTable.shape),
  "node.storage": Object.keys(storageTable.shape),
};

export function knownAt(path: Mistake["path"]): readonly string[] {
  return knownKeys[dotted(path)] ?? [];
}

export const clusterKind: FileKind = {
  kind: "the cluster file",
  hint: "The cluster.toml in waifuctl's repository explains every key.",
};
