import { expect, test } from "bun:test";
import { parseClusterConfig } from "../../src/config/parse-cluster-config.ts";
import { WaifuError } from "../../src/errors.ts";

/** The one error that a text gives. */
function refusal(text: string): WaifuError {
  try {
    parseClusterConfig(text, "/etc/home/cluster.toml", {});
  } catch (error) {
    if (error instanceof WaifuError) return error;
    throw error;
  }
  throw new Error("the text was accepted");
}

const hostKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIW92uJ2zwjnAi1mDBZOBS/AN6mrcPrcKEyHl6O0eOGE";

/** One node that is right, with one line more: line 4. */
function nodeWith(line: string): string {
  return `[[node]]\nname = "alpha"\naddress = "192.168.1.10"\n${line}\n`;
}

test.each([
  ["prot = 22", "node.prot is not a key that waifuctl knows", "Did you mean port?"],
  [
    "colour = 1",
    "node.colour is not a key that waifuctl knows",
    expect.stringContaining("Known here: name, address"),
  ],
  [
    'storage = { kind = "zfs", pol = "tank", pool = "tank" }',
    "node.storage.pol is not a key that waifuctl knows",
    "Did you mean pool?",
  ],
  ['port = "22"', 'node.port must be a number, not "22"', undefined],
  ["port = 0", "node.port must be 1 or more", undefined],
  ["port = 65536", "node.port must be 65535 or less", undefined],
  ["port = 22.5", "node.port must be a whole number, not 22.5", undefined],
  ['user = "-oProxyCommand=sh"', "node.user must be a login name", undefined],
  ['jump_host = "a b"', "node.jump_host must be [user@]host[:port], or a Host of ~/.ssh/config", undefined],
  ['become = "doas"', 'node.become must be "sudo", not "doas"', undefined],
  ['labels = "nvme"', 'node.labels must be a table, not "nvme"', undefined],
  ["labels = { rack = 3 }", "node.labels.rack must be text in quotes, not 3", undefined],
  [
    'labels = { "a=b" = "c" }',
    "node.labels.a=b may hold only letters, digits, and . _ / - in its keys",
    undefined,
  ],
  ['storage = "zfs"', 'node.storage must be a table, not "zfs"', undefined],
  ["storage = {}", "node.storage.kind is missing", undefined],
  ['storage = { kind = "lvm" }', 'node.storage.kind must be "zfs" or "dir", not "lvm"', undefined],
  ['storage = { kind = "zfs" }', "node.storage.pool is missing", 'Write pool = "tank".'],
  [
    'storage = { kind = "zfs", pool = "/tank" }',
    "node.storage.pool must be a pool or a dataset in it, like tank or tank/vms",
    undefined,
  ],
  [
    'storage = { kind = "zfs", pool = "tank@a" }',
    "node.storage.pool must be a pool or a dataset in it, like tank or tank/vms",
    undefined,
  ],
  [
    'storage = { kind = "zfs", pool = "-r" }',
    "node.storage.pool must be a pool or a dataset in it, like tank or tank/vms",
    undefined,
  ],
  [
    'storage = { kind = "zfs", pool = "t", path = "/a" }',
    'node.storage.path has no meaning with kind = "zfs"',
    undefined,
  ],
  [
    'storage = { kind = "dir", pool = "tank" }',
    'node.storage.pool has no meaning with kind = "dir"',
    undefined,
  ],
  [
    'storage = { kind = "dir", path = "vms" }',
    "node.storage.path must be an absolute path on the node, without ..",
    undefined,
  ],
  [
    'storage = { kind = "dir", path = "/vms/../etc" }',
    "node.storage.path must be an absolute path on the node, without ..",
    undefined,
  ],
  ['network = "a/b"', "node.network must be the name of a libvirt network", undefined],
  [
    'bridge = "a-bridge-with-a-long-name"',
    "node.bridge must be the name of a bridge interface, like br0",
    undefined,
  ],
  ['libvirt_uri = "localhost"', "node.libvirt_uri must be a libvirt URI, like qemu:///system", undefined],
  ["memory_overcommit = 0", "node.memory_overcommit must be 0.1 or more", undefined],
  ["memory_overcommit = -1.0", "node.memory_overcommit must be 0.1 or more", undefined],
  ["memory_overcommit = 1000", "node.memory_overcommit must be 10 or less", undefined],
  ["cpu_overcommit = inf", "node.cpu_overcommit must be a number, not Infinity", undefined],
  ['cpu_overcommit = "4"', 'node.cpu_overcommit must be a number, not "4"', undefined],
  [
    'identity_file = "~mai/key"',
    "node.identity_file must be a path",
    "Write it absolute, relative to this file, or as ~/…",
  ],
])("the line %s is refused", (line, complaint, hint) => {
  const error = refusal(nodeWith(line));
  expect(error).toMatchObject({ code: "config", message: `/etc/home/cluster.toml:4: ${complaint}` });
  expect(error.hint).toEqual(hint);
});

test.each([
  ["ssh-ed25519"],
  ["ssh-ed25519 AAAA"],
  ["ssh-ed25519 not*base64"],
  [`192.168.1.10 ${hostKey}`],
  [`${hostKey} mai@home`],
  [hostKey.replace("ssh-ed25519", "ssh-rsa")],
  [hostKey.slice(0, -1)],
])("host_key = %j is refused", (key) => {
  expect(refusal(nodeWith(`host_key = "${key}"`)).message).toBe(
    "/etc/home/cluster.toml:4: node.host_key must be a key type and its base64, as in `ssh-ed25519 AAAA…`",
  );
});

test.each([
  ["", "1: node is missing"],
  ["node = []", "1: node needs at least one entry"],
  ["[node]\nname = 'a'", "1: node must be a list of tables, each under its [[node]], not a table"],
  ["[[node]]\nname = 'a'", "1: node.address is missing"],
  ["[[node]]\naddress = 'a'", "1: node.name is missing"],
  ["[[node]]\naddress = 'a'\nname = 'Alpha'", "3: node.name must be a DNS label"],
  [
    "[[node]]\nname = 'a'\naddress = 'root@a'",
    "3: node.address must be a host name, an IP address or a Host of ~/.ssh/config",
  ],
  [
    "[[node]]\nname = 'a'\naddress = '-oX'",
    "3: node.address must be a host name, an IP address or a Host of ~/.ssh/config",
  ],
  ["[[node]]\nname = 'a'\nlocal = true\nuser = 'root'", "4: node.user has no meaning with local = true"],
  [nodeWith("network = 'a'\nbridge = 'b'"), "5: node.bridge excludes network"],
  [`${nodeWith("")}${nodeWith("")}`, '6: node.name "alpha" is already taken by line 2'],
  [`${nodeWith("")}[defaults]\nmemory = "2 gigs"`, '6: defaults.memory "2 gigs" is not a size'],
  [`${nodeWith("")}[defaults]\nmemory = 1024`, '6: defaults.memory must be a size in quotes, like "2G"'],
  [`${nodeWith("")}[defaults]\ncpus = 0`, "6: defaults.cpus must be 1 or more"],
  [`${nodeWith("")}[node_defaults]\nname = "a"`, "6: node_defaults.name is not a key that waifuctl knows"],
])("%j is refused", (text, complaint) => {
  expect(refusal(text).message).toBe(`/etc/home/cluster.toml:${complaint}`);
});

test("a syntax error names its line and column", () => {
  const error = refusal('[[node]]\nname = "alpha\n');
  expect(error).toMatchObject({ code: "config", exitStatus: 3 });
  expect(error.message).toStartWith("/etc/home/cluster.toml:2: ");
  expect(error.message).toContain("column");
});

test("all mistakes are told at once, in the file's order", () => {
  const error = refusal(`nodes = 3
__proto__ = 4
[[node]]
name = 3
port = 99999
bridge = "x"
network = "y"
[[node]]
local = true
name = "b"
storage = { kind = "foo" }
memory_overcommit = nan
[[node]]
local = true
name = "b"
[defaults]
memroy = "1G"
`);
  expect(`${error.message}\n${error.hint}`.replaceAll("/etc/home/", "")).toMatchInlineSnapshot(`
    "10 mistakes in the cluster file:
    cluster.toml:1: nodes is not a key that waifuctl knows. Did you mean node?
    cluster.toml:2: __proto__ is not a key that waifuctl knows. Known here: state, catalog, defaults, node_defaults, node.
    cluster.toml:3: node.address is missing. Give the node an address, or local = true for this very machine.
    cluster.toml:4: node.name must be text in quotes, not 3
    cluster.toml:5: node.port must be 65535 or less
    cluster.toml:6: node.bridge excludes network. Keep one of the two.
    cluster.toml:11: node.storage.kind must be "zfs" or "dir", not "foo"
    cluster.toml:12: node.memory_overcommit must be a number, not NaN
    cluster.toml:15: node.name "b" is already taken by line 10
    cluster.toml:17: defaults.memroy is not a key that waifuctl knows. Did you mean memory?
    The cluster.toml in waifuctl's repository explains every key."
  `);
});
