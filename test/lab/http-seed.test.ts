import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { downLab, type Lab, upLab } from "./namespace-lab.ts";
import type { LabNode } from "./node.ts";
import { identityFile } from "./paths.ts";
import { newOperator, nodeTable, type Operator } from "./waifuctl.ts";

// A whole Debian under emulation, that boots three times.
setDefaultTimeout(1_200_000);

const name = "test-http";
let lab: Lab;
let node: LabNode;
let operator: Operator;

beforeAll(async () => {
  await downLab(name);
  lab = await upLab(name, ["n1"], { init: "systemd", images: ["tiny", "debian-12"] });
  [node] = lab.nodes as [LabNode];
  operator = await newOperator([nodeTable(node)]);
  await operator.answer("node", "setup", "n1");
  for (const image of lab.images)
    await operator.answer("template", "add", image.name, image.url, "--sha256", image.sha256);
});

afterAll(async () => {
  await operator.leave();
  await downLab(name);
});

async function onNode(script: string): Promise<string> {
  const { exitCode, stdout, stderr } = await node.exec(["sh", "-c", script]);
  if (exitCode !== 0) throw new Error(`${script}: ${stderr}`);
  return stdout.trim();
}

async function inGuest(guest: string, command: string): Promise<string> {
  const { stdout, stderr, exitCode } = await operator.run("ssh", guest, command);
  expect({ command, exitCode, stderr }).toEqual({ command, exitCode: 0, stderr: "" });
  return stdout;
}

/** Once the metadata service was told that the boot after `since` is over. */
const phonedHome = (uuid: string, since = "") =>
  onNode(`until [ "$(redis-cli -s /run/waifu-redis/redis.sock hget waifu:boot:${uuid} phoneHomeAt)" \\> "${since}" ]; do sleep 1; done
    redis-cli -s /run/waifu-redis/redis.sock hget waifu:boot:${uuid} phoneHomeAt`);

const tokenOf = (guest: string) =>
  onNode(`virsh -q dumpxml ${guest} | sed -n "s|.*169.254.169.254/\\(.*\\)/</entry>|\\1|p"`);

describe("two guests on one bridge", () => {
  let uuids: string[];

  beforeAll(async () => {
    const created = ["a", "b"].map((guest) =>
      operator.answer<{ uuid: string; seed: string }>("create", guest, "-t", "tiny", "--seed", "http"),
    );
    const both = await Promise.all(created);
    expect(both.map(({ seed }) => seed)).toEqual(["http", "http"]);
    uuids = both.map(({ uuid }) => uuid);
    await Promise.all(uuids.map((uuid) => phonedHome(uuid)));
  });

  afterAll(async () => {
    for (const guest of ["a", "b"]) await operator.answer("delete", guest, "--yes");
  });

  test("each has its own seed, and our script ran", async () => {
    expect(await inGuest("a", "hostname; cat /seed/meta-data")).toBe(
      `a\ninstance-id: ${uuids[0]}-g1\nlocal-hostname: a\n`,
    );
    expect(await inGuest("b", "hostname")).toBe("b\n");
    expect(await onNode("cat /var/log/libvirt/qemu/a.console.log")).toContain(
      "waifuctl: a has generation 1 of its seed",
    );
  });

  test("neither gets the other's, whatever it asks", async () => {
    const [mine, theirs] = [await tokenOf("a"), await tokenOf("b")];
    const ask = (path: string) =>
      inGuest("a", `wget -q -S -O - http://169.254.169.254/${path} 2>&1 | head -n 1 || true`);
    expect(await ask(`${mine}/meta-data`)).toContain("200");
    for (const path of [`${theirs}/meta-data`, `${theirs}/user-data`, "nonsense/meta-data", "meta-data"])
      expect([path, await ask(path)]).toEqual([path, expect.stringContaining("404")]);
  });

  test("packets with the other's address never reach the node", async () => {
    const [mac, mine, theirs] = await Promise.all([
      onNode("virsh -q domiflist a | grep -o '52:54[0-9a-f:]*'"),
      ...["a", "b"].map(async (guest) => (await operator.answer<{ address: string }>("ip", guest)).address),
    ]);
    const count = (address?: string) =>
      `add rule bridge seen input ether saddr ${mac} ip saddr ${address} counter;`;
    await onNode(`nft 'add table bridge seen; add chain bridge seen input { type filter hook input priority 0; };
      ${count(mine)} ${count(theirs)}'`);
    const route = "169.254.169.254 via 192.168.122.1";
    const ask = "timeout 3 wget -q -O /dev/null http://169.254.169.254/";
    const { stdout } = await operator.run(
      ...[
        "ssh",
        "root@a",
        `${ask}; ip address add ${theirs}/32 dev eth0; ip route add ${route} src ${theirs}; ip route get 169.254.169.254; ${ask};`,
      ],
      `ip route del ${route}; ip address del ${theirs}/32 dev eth0`,
    );
    expect(stdout).toContain(`src ${theirs}`);
    const packets = (await onNode("nft list table bridge seen")).match(/(?<=packets )\d+/g)?.map(Number);
    expect(packets).toEqual([expect.any(Number), 0]);
    expect(packets?.[0]).toBeGreaterThan(0);
  });

  test("a deleted guest's seed is gone for good, and its token with it", async () => {
    const token = await tokenOf("b");
    await operator.answer("delete", "b", "--yes");
    expect(await onNode(`redis-cli -s /run/waifu-redis/redis.sock hkeys waifu:seed:${uuids[1]}`)).toBe(
      "deleted",
    );
    expect(await onNode(`ls /var/lib/waifu-metadata/seeds /var/lib/waifu/seeds`)).not.toContain(uuids[1]);
    const asked = `wget -q -S -O - http://169.254.169.254/${token}/meta-data 2>&1 | head -n 1`;
    expect(await inGuest("a", asked)).toContain("404");
    await operator.answer("create", "b", "-t", "tiny", "--seed", "http", "--no-wait");
  });
});

describe("Debian", () => {
  let uuid: string;
  let made: Awaited<ReturnType<Operator["run"]>>;
  const identity =
    "cloud-init status --wait >/dev/null; cloud-init query instance_id; sudo cat /etc/ssh/ssh_host_ed25519_key.pub; echo; sudo cat /root/ran";
  const userData = async (extra = "") => {
    const key = (await Bun.file(`${identityFile}.pub`).text()).trim();
    const text = `#cloud-config
users:
  - name: alice
    sudo: "ALL=(ALL) NOPASSWD:ALL"
    shell: /bin/bash
    ssh_authorized_keys: ["${key}"]
write_files:
  - {path: /etc/written, content: "kept\\n"}
runcmd:
  - echo $(hostname) >>/root/ran
${extra}`;
    await Bun.write(join(operator.home, "web.yaml"), text);
    return "web.yaml";
  };

  beforeAll(async () => {
    made = await operator.run(
      ...["create", "web", "-t", "debian-12", "--seed", "http", "-m", "512M", "-d", "3G", "--json"],
      ...["--user-data", await userData('  - "false"\n'), "--timeout", "1000"],
    );
    uuid = JSON.parse(made.stdout).uuid;
    await phonedHome(uuid);
  });

  test("boots from its seed over HTTP: name, user, file, the user's commands and ours", async () => {
    const seen =
      "hostname; id -un; cat /etc/written; sudo cat /root/ran; ls /dev/vd?; sudo grep ^waifuctl: /var/log/cloud-init-output.log";
    expect(await inGuest("web", seen)).toBe(
      "web\nalice\nkept\nweb\n/dev/vda\nwaifuctl: web has generation 1 of its seed\n",
    );
  });

  test("is degraded, and why is told: its last command failed", () => {
    expect(made).toMatchObject({
      exitCode: 9,
      stdout: expect.stringContaining('"state": "degraded"'),
      stderr: expect.stringContaining("cloud-init failed in web: scripts-user"),
    });
  });

  test("rebooted with Redis killed and the service restarted it is the same guest", async () => {
    const before = await inGuest("web", identity);
    expect(before).toStartWith(`${uuid}-g1\nssh-ed25519 `);
    await onNode("systemctl stop waifu-redis; systemctl restart waifu-metadata");
    const boot = await inGuest("web", "cat /proc/sys/kernel/random/boot_id");
    await operator.answer("reboot", "web");
    await rebooted(boot);
    expect(await inGuest("web", identity)).toBe(before);
    await onNode("systemctl start waifu-redis");
  });

  test("after an edit and a reboot the new config is applied", async () => {
    const boot = await inGuest("web", "cat /proc/sys/kernel/random/boot_id");
    await userData("packages: git\n");
    expect(await operator.run("edit", "web", "--file", "web.yaml")).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining("web.yaml:11:11: packages must be array"),
    });
    await userData("  - echo again >>/root/ran\n");
    expect((await operator.run("edit", "web", "--file", "web.yaml", "--apply", "now")).stdout).toContain(
      "+  - echo again >>/root/ran\n",
    );
    await rebooted(boot);
    expect(await inGuest("web", identity)).toMatch(
      new RegExp(`^${uuid}-g2\nssh-ed25519 .*\nweb\nweb\nagain\n$`),
    );
  });

  async function rebooted(boot: string): Promise<void> {
    for (;;) {
      const { stdout } = await operator.run("ssh", "web", "cat /proc/sys/kernel/random/boot_id");
      if (stdout !== "" && stdout !== boot) return;
    }
  }
});
