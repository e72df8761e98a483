import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { Checkup } from "../../src/setup/doctor.ts";
import { downLab, type Lab, upLab } from "./namespace-lab.ts";
import { type LabNode, startNode, stopNode } from "./node.ts";
import { newOperator, nodeTable, type Operator } from "./waifuctl.ts";

setDefaultTimeout(180_000);

// A machine with nothing but sshd, until waifuctl has been there.
const name = "test-setup";
let lab: Lab;
let node: LabNode;
let operator: Operator;

beforeAll(async () => {
  await downLab(name);
  lab = await upLab(name, ["bare"], { init: "systemd" });
  [node] = lab.nodes as [LabNode];
  operator = await newOperator([nodeTable(node)]);
});

afterAll(async () => {
  await operator.leave();
  await downLab(name);
});

/** What is not well, but that there is no KVM here. */
async function ailments(): Promise<string[]> {
  const { stdout } = await operator.run("node", "doctor", "--json");
  const [checkup]: Checkup[] = JSON.parse(stdout);
  const wrong = checkup?.findings.filter(({ status }) => status !== "ok") ?? [];
  return wrong.map(({ check }) => check).filter((check) => check !== "kvm");
}

async function onNode(script: string): Promise<string> {
  const { exitCode, stdout, stderr } = await node.exec(["sh", "-c", script]);
  if (exitCode !== 0) throw new Error(`${script}: ${stderr}`);
  return stdout;
}

/** Of all that setup makes: inodes and times change with every write. */
const traces = () =>
  onNode(`
    stat -c '%n %i %Y %a %U' /usr/local/lib/waifu/* /etc/waifu/* /etc/systemd/system/waifu-* /var/lib/waifu /var/lib/waifu/*
    systemctl show -p InvocationID waifu-md waifu-redis waifu-metadata libvirtd
    ip -o address; nft -s list ruleset`);

describe("a bare machine", () => {
  test("is told all that it lacks, and --dry-run changes nothing", async () => {
    const { exitCode, stdout } = await operator.run("node", "doctor");
    expect(exitCode).toBe(9);
    expect(stdout).toContain("bare needs care:");
    expect(stdout).toContain("the libvirt network default is not there");
    expect(stdout).toContain("→ waifuctl node setup bare");
    const plan = await operator.run("node", "setup", "bare", "--dry-run");
    expect(plan).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining("systemctl enable waifu-md.service"),
    });
    expect(await onNode("ls /etc/waifu /usr/local/lib/waifu 2>&1; id waifu 2>&1; true")).toContain(
      "no such user",
    );
  });

  test("is set up, and then all is well", async () => {
    const { exitCode, stdout } = await operator.run("node", "setup", "bare");
    expect(stdout).toMatch(/^bare is set up \(\d+ steps\)$/m);
    expect(exitCode).toBe(0);
    expect(await ailments()).toEqual([]);
  });

  test("is not changed by a second run", async () => {
    const before = await traces();
    const again = await operator.run("node", "setup", "bare");
    expect(again).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("bare was set up already") });
    expect(await traces()).toBe(before);
  });

  test("runs an instance, which gets its seed from there", async () => {
    await operator.answer(
      "template",
      "add",
      "tiny",
      lab.image("tiny").url,
      "--sha256",
      lab.image("tiny").sha256,
    );
    await operator.answer("create", "first", "--template", "tiny", "--seed", "http");
    expect(await operator.run("ssh", "first", "hostname")).toMatchObject({ stdout: "first\n" });
  });

  test("is well again after a power cut", async () => {
    await stopNode(node.lan, node.name);
    await startNode(node.lan, node.name, node.host);
    expect(await ailments()).toEqual([]);
    // It starts with the node, and finds its seed.
    expect(await onNode("virsh -q list --name")).toContain("first");
    expect(await operator.run("ssh", "first", "hostname")).toMatchObject({ stdout: "first\n" });
    await operator.answer("delete", "first", "--yes");
  });
});

describe("the metadata service is reached", () => {
  /** What somebody sees who is plugged into the node: a status, 000 for none. */
  async function ask(subnet: string, attach: string, before = "", after = ""): Promise<string> {
    return await onNode(`
      ip link add probe type veth peer name cable && ip link set probe up && ${attach}
      ip netns add guest && ip link set cable netns guest
      within() { ip netns exec guest "$@"; }
      within ip address add ${subnet}.9/24 dev cable
      within ip link set cable up
      within ip route add default via ${subnet}.1
      ${before}
      within curl -s -o /dev/null -m 2 -w '%{http_code}' http://169.254.169.254/
      ${after}
      ip netns del guest`);
  }
  const asGuest = (before: string, after: string) =>
    ask("192.168.122", "ip link set probe master virbr0", before, after);
  const asNeighbour = () => ask("10.9.9", "ip address add 10.9.9.1/24 dev probe");

  test("by a guest, who gets no further into the node, and no further answers", async () => {
    const ssh =
      "for to in 169.254.169.254 192.168.122.1; do within timeout 1 bash -c \": </dev/tcp/$to/22\" && echo ' sshd at' $to; done";
    const nextHopOnly =
      "table ip near { chain input { type filter hook input priority 0; ip saddr 169.254.169.254 ip ttl != 1 drop; }; }";
    expect(await asGuest(`within nft '${nextHopOnly}'`, ssh)).toBe("404 sshd at 192.168.122.1\n");
  });

  test("by 128 connections of a guest at once", async () => {
    const open =
      "for i in $(seq 140); do exec {fd}<>/dev/tcp/169.254.169.254/80 && echo open; done 2>&1 | grep -c open";
    expect(await asGuest("", `echo; within bash -c '${open}'`)).toBe("404\n128\n");
  });

  test("by nobody beside the guests' bridge", async () => {
    expect(await asNeighbour()).toBe("000");
    await onNode("nft delete table inet waifu");
    expect(await asNeighbour()).toBe("404");
    await onNode("nft -f /etc/waifu/waifu.nft");
  });

  test("unless the node has a firewall that does not know it, which is told", async () => {
    const drop =
      "chain input { type filter hook input priority 0; policy drop; iifname { lo, eth0 } accept; };";
    await onNode(`nft 'table ip host { ${drop} }'`);
    expect([await asGuest("", ""), await ailments()]).toEqual(["000", ["other firewall"]]);
    await onNode("nft add rule ip host input ip daddr 169.254.169.254 tcp dport 80 accept");
    expect([await asGuest("", ""), await ailments()]).toEqual(["404", []]);
    await onNode("nft delete table ip host");
  });
});

test("the firewall stands when the node's own comes, is loaded anew, and goes", async () => {
  for (const verb of ["start", "restart", "reload", "stop"]) {
    await onNode(`systemctl ${verb} nftables && nft list chain inet waifu asked`);
  }
  // It has flushed libvirt's rules as well.
  await onNode("systemctl restart libvirtd");
});

test("ten faults are each named, and mended together", async () => {
  const faults: [fault: string, check: string][] = [
    ["systemctl stop waifu-metadata", "metadata service"],
    ["systemctl stop waifu-redis", "redis"],
    ["nft delete table inet waifu", "firewall"],
    ["ip address del 169.254.169.254/32 dev waifu-md", "metadata address"],
    ["sed -i s/port.*/port\\ 6379/ /etc/waifu/redis.conf", "file /etc/waifu/redis.conf"],
    ["chown nobody /var/lib/waifu-metadata", "folder /var/lib/waifu-metadata"],
    ["chmod 700 /var/lib/waifu/instances", "folder /var/lib/waifu/instances"],
    ["cd /usr/local/lib/waifu; head -c 1000 waifuctl >x; mv x waifuctl", "waifuctl"],
    ["virsh -q net-destroy default", "network"],
    ["virsh -q nwfilter-undefine waifu-guest", "guest filter"],
    ["systemctl disable -q libvirtd", "libvirt"],
  ];
  const named: string[] = [];
  for (const [fault, check] of faults) {
    await onNode(fault);
    named.push(check);
    expect([fault, (await ailments()).sort()]).toEqual([fault, [...named].sort()]);
  }
  expect(await operator.run("node", "setup", "bare")).toMatchObject({ exitCode: 0 });
  expect(await ailments()).toEqual([]);
});

test("the earlier waifuctl comes back, and goes again", async () => {
  const digest = () =>
    onNode("sha256sum /usr/local/lib/waifu/waifuctl /usr/local/lib/waifu/waifuctl.previous | cut -c-64");
  await onNode(
    "cd /usr/local/lib/waifu && rm waifuctl.previous && cp waifuctl waifuctl.previous && echo >>waifuctl.previous",
  );
  const [now, earlier] = (await digest()).split("\n");
  await operator.answer("node", "setup", "bare", "--rollback");
  expect(await digest()).toBe(`${earlier}\n${now}\n`);
  expect(await ailments()).toEqual(["waifuctl"]);
  await operator.answer("node", "setup", "bare", "--rollback");
  expect(await digest()).toBe(`${now}\n${earlier}\n`);
  expect(await ailments()).toEqual([]);
});
