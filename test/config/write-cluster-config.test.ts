import { expect, test } from "bun:test";
import type { ClusterFile } from "../../src/config/cluster-file.ts";
import { parseClusterConfig } from "../../src/config/parse-cluster-config.ts";
import { writeClusterConfig } from "../../src/config/write-cluster-config.ts";

const environment = { HOME: "/home/mai" };

test("what is written parses back to what was meant", () => {
  const written = writeClusterConfig({
    state: "~/st\"a'te\\.db",
    catalog: "own.toml",
    defaults: { template: 'a "b" \\ c # d', cpus: 2, memory: "1.5G" },
    node_defaults: { user: "mai", storage: { kind: "zfs", pool: "tank" }, memory_overcommit: 1.5 },
    node: [
      { name: "here", local: true, labels: { "rack.no": "é]\u0022", plain: "1" } },
      { name: "alpha", address: "10.0.0.2", port: undefined, storage: { kind: "dir", path: "/srv/a b" } },
    ],
  });
  const config = parseClusterConfig(written, "/c/cluster.toml", environment);
  expect(config.statePath).toBe("/home/mai/st\"a'te\\.db");
  expect(config.catalogPath).toBe("/c/own.toml");
  expect(config.defaults).toMatchObject({
    template: 'a "b" \\ c # d',
    cpus: 2,
    memoryBytes: 1.5 * 1024 ** 3,
  });
  expect(config.nodes).toMatchObject([
    { name: "here", labels: { "rack.no": 'é]"', plain: "1" }, storage: { kind: "zfs", pool: "tank" } },
    { name: "alpha", ssh: { address: "10.0.0.2", user: "mai" }, storage: { kind: "dir", path: "/srv/a b" } },
  ]);
  expect(config.nodes.map((node) => node.memoryOvercommit)).toEqual([1.5, 1.5]);
});

test("it reads well", () => {
  const file: ClusterFile = {
    defaults: { template: "debian-12", ssh_key: "~/.ssh/id_ed25519.pub" },
    node: [
      { name: "alpha", address: "192.168.1.10", user: "root", storage: { kind: "zfs", pool: "tank" } },
      { name: "beta", address: "192.168.1.11", labels: { disk: "nvme" } },
    ],
  };
  expect(writeClusterConfig(file)).toMatchInlineSnapshot(`
    "# The machines that waifuctl may run virtual machines on.
    # The cluster.toml in waifuctl's repository explains every key; a commented-out line here shows a default or an example.

    # state = "~/.local/state/waifuctl/home.db"
    # catalog = "catalog.toml"

    # What \`waifuctl create\` takes when its command line is silent.
    [defaults]
    template = "debian-12"
    # cpus = 1
    # memory = "1G"
    # disk = "10G"
    ssh_key = "~/.ssh/id_ed25519.pub"
    # user_data = "base.yaml"

    # What every node below takes when its own table is silent.
    [node_defaults]
    # user = "root"
    # port = 22
    # identity_file = "~/.ssh/id_ed25519"
    # jump_host = "bastion"
    # become = "sudo"
    # storage = { kind = "zfs", pool = "tank" }
    # network = "default"
    # bridge = "br0"
    # libvirt_uri = "qemu:///system"
    # memory_overcommit = 1.0
    # cpu_overcommit = 4.0

    [[node]]
    name = "alpha"
    address = "192.168.1.10"
    user = "root"
    storage = { kind = "zfs", pool = "tank" }

    [[node]]
    name = "beta"
    address = "192.168.1.11"
    labels = { disk = "nvme" }
    "
  `);
});
