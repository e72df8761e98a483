import { describe, expect, test } from "bun:test";
import { type LibvirtNetwork, parseLeases, parseNetwork, pickAddress } from "../../src/libvirt/network.ts";

// `virsh net-dumpxml --inactive default`, dnsmasq's hosts file and its virbr0.status, libvirt 9.0.0.
const printed = `active
<network connections='1'>
  <name>default</name>
  <uuid>f7ed1b15-de6d-42ef-9a0b-3ac9c72a57b6</uuid>
  <forward mode='nat'>
    <nat>
      <port start='1024' end='65535'/>
    </nat>
  </forward>
  <bridge name='virbr0' stp='on' delay='0'/>
  <mac address='52:54:00:ac:3e:4f'/>
  <ip address='192.168.122.1' netmask='255.255.255.0'>
    <dhcp>
      <range start='192.168.122.2' end='192.168.122.5'/>
      <host mac='52:54:00:AA:00:01' name='a' ip='192.168.122.2'/>
    </dhcp>
  </ip>
</network>
--
52:54:00:aa:00:01,192.168.122.2,a
52:54:00:bb:00:01,192.168.122.5
--
[
  {
    "ip-address": "192.168.122.3",
    "mac-address": "52:54:00:3b:6f:46",
    "hostname": "guest-one",
    "client-id": "01:52:54:00:3b:6f:46",
    "expiry-time": 1795324444
  }
]
`;

const network = parseNetwork(printed);

test("definition, state and leases are read", () => {
  expect(network).toEqual({
    name: "default",
    isActive: true,
    bridge: "virbr0",
    range: { start: "192.168.122.2", end: "192.168.122.5" },
    reservations: [
      { mac: "52:54:00:aa:00:01", address: "192.168.122.2", name: "a" },
      { mac: "52:54:00:bb:00:01", address: "192.168.122.5", name: undefined },
    ],
    defined: [{ mac: "52:54:00:aa:00:01", address: "192.168.122.2", name: "a" }],
    promised: [
      { mac: "52:54:00:aa:00:01", address: "192.168.122.2", name: "a" },
      { mac: "52:54:00:bb:00:01", address: "192.168.122.5", name: undefined },
    ],
    leases: [{ mac: "52:54:00:3b:6f:46", address: "192.168.122.3", name: "guest-one" }],
  });
});

test("a network without DHCP gives out no addresses", () => {
  const bare = parseNetwork(
    "inactive\n<network><name>routed</name><ip address='10.0.0.1'/></network>\n--\n\n",
  );
  expect(bare).toMatchObject({ isActive: false, range: undefined, reservations: [], leases: [] });
  expect(pickAddress(bare)).toBeUndefined();
});

test("dnsmasq leaves an empty file when the last lease ends", () => {
  expect(parseLeases("")).toEqual([]);
});

describe("pickAddress", () => {
  test.each<[string, Partial<LibvirtNetwork>, string | undefined]>([
    ["skips reservations and leases", {}, "192.168.122.4"],
    ["takes the lowest", { reservations: [] }, "192.168.122.2"],
    [
      "crosses an octet",
      {
        range: { start: "10.0.0.255", end: "10.0.1.9" },
        reservations: [{ mac: "m", address: "10.0.0.255" }],
      },
      "10.0.1.0",
    ],
    [
      "finds none when the range is used up",
      { range: { start: "192.168.122.2", end: "192.168.122.3" } },
      undefined,
    ],
  ])("%s", (_, change, expected) => {
    expect(pickAddress({ ...network, ...change })).toBe(expected);
  });
});
