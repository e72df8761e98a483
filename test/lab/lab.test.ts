import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { Glob } from "bun";
import { attachLab, downLab, type Lab, upLab } from "./namespace-lab.ts";
import type { LabNode } from "./node.ts";
import { cacheDir, runDir } from "./paths.ts";
import { listLabs } from "./record.ts";
import { must, run } from "./run.ts";
import { sshLogin } from "./ssh-login.ts";

setDefaultTimeout(60_000);

const names = ["test-lab-a", "test-lab-b"] as const;
let lab: Lab;
let neighbour: Lab;
let one: LabNode;
let two: LabNode;

beforeAll(async () => {
  await Promise.all(names.map(downLab));
  [lab, neighbour] = await Promise.all([upLab(names[0], ["one", "two"]), upLab(names[1], ["one"])]);
  [one, two] = lab.nodes as [LabNode, LabNode];
}, 120_000);
afterAll(() => Promise.all(names.map(downLab)), 60_000);

describe("a node", () => {
  test("has a name, an sshd with the promised key, and root's usual PATH", async () => {
    const { stdout } = await sshLogin(one, "hostname; id -un; echo $PATH");
    expect(stdout).toBe("one\nroot\n/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n");
  });

  test("lets ops become root without a password", async () => {
    const { stdout } = await sshLogin({ ...one, user: "ops" }, "id -un; sudo -n id -un");
    expect(stdout).toBe("ops\nroot\n");
  });

  test("runs libvirt with its default network, and redis", async () => {
    expect((await one.exec(["virsh", "-q", "net-list", "--name"])).stdout.trim()).toBe("default");
    expect((await one.exec(["virsh", "-q", "net-list", "--autostart", "--name"])).stdout.trim()).toBe(
      "default",
    );
    expect((await one.exec(["redis-cli", "ping"])).stdout).toBe("PONG\n");
  });

  test("can't change the host's files, and has /etc and /var/lib/waifu for itself", async () => {
    expect((await one.exec(["touch", "/usr/waifu-lab-test"])).stderr).toContain("Read-only file system");
    await one.exec(["touch", "/etc/waifu-lab-test", "/var/lib/waifu/waifu-lab-test"]);
    const seen = await two.exec(["ls", "/etc/waifu-lab-test", "/var/lib/waifu/waifu-lab-test"]);
    expect(seen.stdout).toBe("");
    expect(await Bun.file("/etc/waifu-lab-test").exists()).toBe(false);
  });

  test("sees no processes but its own", async () => {
    const { stdout } = await one.exec(["ps", "-e", "-o", "pid,comm", "--no-headers"]);
    expect(stdout).toMatch(/^ *1 init$/m);
    expect(stdout).not.toContain("bun");
  });

  test("differs from its siblings in all that identifies a machine", async () => {
    const identity = "cat /etc/machine-id; virsh capabilities | sed -n 's/ *<uuid>//p'";
    const ids = await Promise.all([one, two].map((node) => node.exec(["sh", "-c", identity])));
    expect(new Set(ids.flatMap(({ stdout }) => stdout.trim().split("\n"))).size).toBe(4);
    expect(one.hostKey).not.toBe(two.hostKey);
  });
});

describe("a lab", () => {
  test("connects its nodes with each other and with its image mirror", async () => {
    expect((await reach(one, two)).exitCode).toBe(0);
    const { url, sha256 } = lab.image("tiny");
    const { stdout } = await one.exec(["sh", "-c", `curl -sf ${url} | sha256sum`]);
    expect(stdout.split(" ")[0]).toBe(sha256);
    expect((await one.exec(["curl", "-sf", url.replace("tiny.qcow2", "SHA256SUMS")])).stdout).toBe(
      `${sha256}  tiny.qcow2\n`,
    );
  });

  test("goes on with a download where it was cut", async () => {
    const { url, sha256 } = lab.image("tiny");
    const resume = `cd /tmp; curl -s ${url} | head -c 1000000 >image; curl -sf -C - -o image ${url}; sha256sum image`;
    expect((await one.exec(["sh", "-c", resume])).stdout.split(" ")[0]).toBe(sha256);
  });

  test("is out of reach for the nodes of another lab", async () => {
    const [stranger] = neighbour.nodes as [LabNode];
    expect(stranger.address.split(".")[2]).not.toBe(one.address.split(".")[2]);
    expect((await reach(one, stranger)).stderr).toContain("Network is unreachable");
  });

  test("stays as it is when it is brought up again, and can grow", async () => {
    const again = await upLab(lab.name, ["one", "two", "three"]);
    expect(again.nodes.map(({ name }) => name)).toEqual(["one", "two", "three"]);
    expect(again.nodes[0]?.hostKey).toBe(one.hostKey);
    expect((await attachLab(lab.name)).clusterToml()).toContain(`host_key = "${one.hostKey}"`);
  });

  test("goes down without a trace, and leaves its neighbour alone", async () => {
    await downLab(lab.name);
    const namespaces = await must(["ip", "netns", "list"]);
    expect(namespaces).not.toContain(lab.name);
    expect(namespaces).toContain(neighbour.name);
    expect(await must(["ip", "-o", "addr"])).not.toContain(one.address.replace(/\d+$/, "1/"));
    expect(await Bun.file("/proc/self/mounts").text()).not.toContain(lab.name);
    expect((await run(["pgrep", "-f", `labs/${lab.name}/|${lab.name}/images`])).stdout).toBe("");
    for (const folder of [runDir, cacheDir]) {
      expect(
        await Array.fromAsync(new Glob(`{,labs/}${lab.name}`).scan({ cwd: folder, onlyFiles: false })),
      ).toEqual([]);
    }
    expect(await listLabs()).not.toContain(lab.name);
    expect((await neighbour.nodes[0]?.exec(["virsh", "-q", "list"]))?.exitCode).toBe(0);
  });
});

const reach = (from: LabNode, to: LabNode) =>
  from.exec(["timeout", "3", "bash", "-c", `exec 3<>/dev/tcp/${to.address}/${to.port}`]);
