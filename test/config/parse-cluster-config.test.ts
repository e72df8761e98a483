import { expect, test } from "bun:test";
import { homedir } from "node:os";
import type { ClusterConfig } from "../../src/config/cluster-config.ts";
import type { Environment } from "../../src/config/cluster-paths.ts";
import { parseClusterConfig } from "../../src/config/parse-cluster-config.ts";

const hostKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIW92uJ2zwjnAi1mDBZOBS/AN6mrcPrcKEyHl6O0eOGE";

const oneNode = 'node = [{ name = "here", local = true }]';

function parse(text: string, environment: Environment = { HOME: "/home/mai" }): ClusterConfig {
  return parseClusterConfig(text, "/etc/home/cluster.toml", environment);
}

test("every key reaches the checked config", () => {
  const config = parse(`
    state = "../var/state.db"
    catalog = "~/catalog.toml"
    [defaults]
    template = "debian-12"
    cpus = 2
    memory = "512M"
    disk = "10GB"
    ssh_key = "~/.ssh/id_ed25519.pub"
    user_data = "base.yaml"
    [[node]]
    name = "alpha"
    address = "192.168.1.10"
    port = 2222
    user = "root"
    identity_file = "~/.ssh/id_lab"
    jump_host = "mai@bastion:22"
    host_key = "${hostKey}"
    become = "sudo"
    labels = { disk = "nvme" }
    storage = { kind = "zfs", pool = "tank/vms" }
    bridge = "br0"
    libvirt_uri = "qemu+unix:///system"
    memory_overcommit = 1.5
    cpu_overcommit = 8
  `);
  expect(config).toEqual({
    path: "/etc/home/cluster.toml",
    statePath: "/etc/var/state.db",
    catalogPath: "/home/mai/catalog.toml",
    defaults: {
      template: "debian-12",
      cpus: 2,
      memoryBytes: 512 * 1024 ** 2,
      diskBytes: 10e9,
      sshKeyFile: "/home/mai/.ssh/id_ed25519.pub",
      userDataFile: "/etc/home/base.yaml",
    },
    nodes: [
      {
        name: "alpha",
        ssh: {
          address: "192.168.1.10",
          port: 2222,
          user: "root",
          identityFile: "/home/mai/.ssh/id_lab",
          jumpHost: "mai@bastion:22",
          hostKey,
        },
        become: "sudo",
        labels: { disk: "nvme" },
        storage: { kind: "zfs", pool: "tank/vms" },
        network: { kind: "bridge", name: "br0" },
        libvirtUri: "qemu+unix:///system",
        memoryOvercommit: 1.5,
        cpuOvercommit: 8,
      },
    ],
  });
});

test("one line is enough for a node, and the rest has defaults", () => {
  const { defaults, nodes } = parse(oneNode);
  expect(defaults).toEqual({ cpus: 1, memoryBytes: 1024 ** 3, diskBytes: 10 * 1024 ** 3 });
  expect(nodes).toEqual([
    {
      name: "here",
      labels: {},
      storage: { kind: "dir", path: "/var/lib/waifu" },
      network: { kind: "network", name: "default" },
      libvirtUri: "qemu:///system",
      memoryOvercommit: 1,
      cpuOvercommit: 4,
    },
  ]);
});

test("node_defaults fill what a node leaves out, and a node's network replaces a default bridge", () => {
  const { nodes } = parse(`
    [node_defaults]
    user = "mai"
    bridge = "br0"
    storage = { kind = "zfs", pool = "tank" }
    [[node]]
    name = "alpha"
    address = "alpha"
    [[node]]
    name = "beta"
    address = "beta"
    user = "root"
    network = "lan"
    storage = { kind = "dir" }
    [[node]]
    name = "here"
    local = true
  `);
  expect(nodes.map(({ ssh, network, storage }) => [ssh?.user, network.name, storage.kind])).toEqual([
    ["mai", "br0", "zfs"],
    ["root", "lan", "dir"],
    [undefined, "br0", "zfs"],
  ]);
});

test.each([
  [{ HOME: "/home/mai" }, "/home/mai/.local/state/waifuctl"],
  [{ HOME: "/home/mai", XDG_STATE_HOME: "/state" }, "/state/waifuctl"],
  [{ HOME: "/home/mai", XDG_STATE_HOME: "relative" }, "/home/mai/.local/state/waifuctl"],
  [{}, `${homedir()}/.local/state/waifuctl`],
])("with %j the state lies in %s", (environment, folder) => {
  const { statePath } = parse(oneNode, environment);
  expect(statePath).toStartWith(`${folder}/cluster-`);
  expect(statePath).not.toBe(parseClusterConfig(oneNode, "/other/cluster.toml", environment).statePath);
});
