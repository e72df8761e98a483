import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import {
  changeHostKey,
  cutLink,
  fillDisk,
  killLibvirtd,
  limitDisk,
  mendLink,
  startLibvirtd,
  startSsh,
  stopSsh,
  unlimitDisk,
} from "./faults.ts";
import { attachLab, downLab, upLab } from "./namespace-lab.ts";
import { type LabNode, startNode, stopNode } from "./node.ts";
import { LabError } from "./run.ts";
import { sshLogin } from "./ssh-login.ts";

setDefaultTimeout(60_000);
const name = "test-faults";
let node: LabNode;

beforeAll(async () => {
  await downLab(name);
  node = onlyNode(await upLab(name, ["n1"]));
}, 120_000);
afterAll(() => downLab(name), 60_000);

test("a stopped sshd refuses connections", async () => {
  await stopSsh(node);
  expect((await sshLogin(node, "true")).stderr).toContain("Connection refused");
  await startSsh(node);
  expect((await sshLogin(node, "echo back")).stdout).toBe("back\n");
});

test("a cut link answers nothing", async () => {
  await cutLink(node);
  expect((await sshLogin(node, "true")).stderr).toMatch(/timed out|No route to host/);
  await mendLink(node);
  expect((await sshLogin(node, "echo back")).stdout).toBe("back\n");
});

test("without libvirtd virsh has nobody to talk to", async () => {
  await killLibvirtd(node);
  expect((await node.exec(["virsh", "list"])).stderr).toContain("Failed to connect socket");
  await startLibvirtd(node);
  expect((await node.exec(["virsh", "-q", "net-list", "--name"])).stdout.trim()).toBe("default");
});

test("a changed host key is another machine's, until one knows it", async () => {
  const changed = { ...node, ...(await changeHostKey(node)) };
  expect((await sshLogin(node, "true")).stderr).toContain("Host key verification failed");
  expect((await sshLogin(changed, "echo back")).stdout).toBe("back\n");
  node = onlyNode(await attachLab(name));
  expect(node.hostKey).toBe(changed.hostKey);
});

test("a full disk takes no more, and the real one is still there afterwards", async () => {
  await node.exec(["touch", "/var/lib/waifu/before"]);
  await limitDisk(node, 8);
  await fillDisk(node);
  const { stderr } = await node.exec(["cp", "/bin/bash", "/var/lib/waifu/"]);
  expect(stderr).toContain("No space left on device");
  await unlimitDisk(node);
  expect((await node.exec(["ls", "/var/lib/waifu"])).stdout).toBe("before\n");
});

test("a node keeps its disk through a power cut, and nothing else", async () => {
  await node.exec(["sh", "-c", "echo kept >/var/lib/waifu/file; echo gone >/run/file"]);
  await stopNode(node.lan, node.name);
  await expect(node.exec(["true"])).rejects.toThrow(LabError);
  await startNode(node.lan, node.name, node.host);
  expect((await sshLogin(node, "cat /var/lib/waifu/file /run/file")).stdout).toBe("kept\n");
  expect((await node.exec(["virsh", "-q", "net-list", "--name"])).stdout.trim()).toBe("default");
});

function onlyNode({ nodes: [first] }: { nodes: LabNode[] }): LabNode {
  if (!first) throw new Error("the lab has no node");
  return first;
}
