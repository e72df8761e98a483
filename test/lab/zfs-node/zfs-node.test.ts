import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { attachZfsNode, startZfsNode, stopZfsNodes, type ZfsNode, zfsNodeNames } from "./zfs-node.ts";

// An emulated machine, perhaps built just now.
setDefaultTimeout(1_200_000);

const lab = `zfs-test-${process.pid}`;
let first: ZfsNode;
let second: ZfsNode;

async function output(node: ZfsNode, ...argv: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await node.exec(argv, { timeoutMs: 180_000 });
  expect({ argv, exitCode, stderr }).toEqual({ argv, exitCode: 0, stderr: "" });
  return stdout.trim();
}

beforeAll(async () => {
  first = await startZfsNode(lab, "first");
  second = await startZfsNode(lab, "second");
});

afterAll(() => stopZfsNodes(lab));

test("a node that is up is attached to, not started again", async () => {
  const { port, hostKey } = await startZfsNode(lab, "first");
  expect({ port, hostKey }).toEqual({ port: first.port, hostKey: first.hostKey });
  expect((await attachZfsNode(lab, "first")).port).toBe(first.port);
  expect(await zfsNodeNames(lab)).toEqual(["first", "second"]);
});

test("a zvol gets its device link, and a rollback brings its content back", async () => {
  const script = `
    set -e
    zfs create -s -V 64M -o volmode=dev tank/disk
    timeout 30 sh -c 'until test -b /dev/zvol/tank/disk; do sleep 0.1; done'
    echo before | dd of=/dev/zvol/tank/disk conv=fsync status=none
    zfs snapshot tank/disk@init
    echo after. | dd of=/dev/zvol/tank/disk conv=fsync status=none
    zfs rollback tank/disk@init
    head -c 6 /dev/zvol/tank/disk`;
  expect(await output(first, "sh", "-c", script)).toBe("before");
});

test("libvirt answers, with its default network up and KVM for guests", async () => {
  expect(await output(first, "virsh", "net-list", "--name")).toBe("default");
  expect(await output(first, "virsh", "capabilities")).toContain("<domain type='kvm'");
});

test("nodes restored from one memory share no identity and draw different random numbers", async () => {
  const script = `
    set -e
    zfs create tank/random && zfs snapshot tank/random@s
    hostname; hostid; cat /etc/machine-id
    zpool get -H -o value guid tank; zfs get -H -o value guid tank/random@s`;
  const [one, other] = await Promise.all(
    [first, second].map(async (node) => (await output(node, "sh", "-c", script)).split("\n")),
  );
  expect(one).toHaveLength(5);
  expect(other?.filter((value) => one?.includes(value))).toEqual([]);
  expect(first.hostKey).not.toBe(second.hostKey);
});

test("the clock is right", async () => {
  const seconds = Number(await output(first, "date", "+%s"));
  expect(Math.abs(seconds - Date.now() / 1000)).toBeLessThan(30);
});

test("a node whose cable is pulled does not answer, and answers again later", async () => {
  await second.setLink(false);
  expect((await second.exec(["true"], { timeoutMs: 5_000 })).exitCode).toBe(124);
  await second.setLink(true);
  expect(await output(second, "hostname")).toBe("second");
});
