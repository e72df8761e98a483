import { describe, expect, test } from "bun:test";
import { resolveNodeTable } from "../../src/config/node-table.ts";
import { parseNode, parseStorage, withShared } from "../../src/nodes/node-words.ts";

test.each([
  ["alpha.lan", { name: "alpha", address: "alpha.lan" }],
  ["Alpha", { name: "alpha", address: "Alpha" }],
  ["a=b.lan", { name: "a", address: "b.lan" }],
  ["mai@b.lan:2222", { name: "b", address: "b.lan", port: 2222, user: "mai" }],
  ["a=mai@10.0.0.1:2222", { name: "a", address: "10.0.0.1", port: 2222, user: "mai" }],
  ["10.0.0.1", { name: "10-0-0-1", address: "10.0.0.1" }],
  ["cafe:22", { name: "cafe", address: "cafe", port: 22 }],
  ["fd00::5", { name: "fd00-5", address: "fd00::5" }],
  ["a=[fd00::5]:2222", { name: "a", address: "fd00::5", port: 2222 }],
  ["local", { name: "local", local: true }],
  ["here=local", { name: "here", local: true }],
  ["here=mai@local", { name: "here", address: "local", user: "mai" }],
] as const)("%s", (word, table) => {
  expect(JSON.parse(JSON.stringify(parseNode(word)))).toEqual(table);
});

describe("what is no node", () => {
  test.each(["", "a=", "mai@", "@b", "b:", "b:x", "a=b:22:", "[fd00::5"])("%p", (word) => {
    expect(() => parseNode(word)).toThrow("is no node");
  });

  test.each([
    ["=b", "the node's name must be a DNS label"],
    ["a b=c", "the node's name must be a DNS label"],
    ["a_b.lan", "the node's name must be a DNS label"],
    ["a=b c", "the node's address must be a host name, an IP address or a Host of ~/.ssh/config"],
    ["a=m m@b", "the node's user must be a login name"],
    ["b:70000", "the node's port must be 65535 or less"],
  ])("%p, once its table is checked", (word, message) => {
    expect(() => resolveNodeTable(parseNode(word), "/c.toml", {})).toThrow(message);
  });
});

test("storage", () => {
  expect(parseStorage("zfs:tank/vms")).toEqual({ kind: "zfs", pool: "tank/vms" });
  expect(parseStorage("dir:/srv/a:b")).toEqual({ kind: "dir", path: "/srv/a:b" });
  for (const word of ["tank", "zfs:", "lvm:x", "/srv"])
    expect(() => parseStorage(word)).toThrow("is no storage");
});

test("a node's own user wins, and this machine has none", () => {
  const shared = { user: "root", identity_file: "~/.ssh/k", become: "sudo", bridge: "br0" } as const;
  expect(withShared(parseNode("mai@b"), shared)).toMatchObject({ ...shared, user: "mai" });
  expect(withShared(parseNode("b"), shared)).toMatchObject(shared);
  expect(withShared(parseNode("local"), shared)).toEqual({
    name: "local",
    local: true,
    become: "sudo",
    bridge: "br0",
  });
});
