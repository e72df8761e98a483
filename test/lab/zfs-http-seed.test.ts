import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { labName, testLab } from "./test-lab.ts";
import { newOperator, nodeTable, type Operator } from "./waifuctl.ts";
import { startZfsNode, type ZfsNode } from "./zfs-node/zfs-node.ts";

// Guests in an emulated machine, which may have to be built first.
setDefaultTimeout(1_200_000);

let node: ZfsNode;
let operator: Operator;

beforeAll(async () => {
  const { lab } = await testLab();
  node = await startZfsNode(labName, "z1");
  operator = await newOperator([nodeTable(node, { storage: { kind: "zfs", pool: node.pool } })]);
  const { url, sha256 } = lab.image("tiny");
  await operator.answer("template", "add", "tiny", url, "--sha256", sha256);
});

afterAll(() => operator.leave());

async function onNode(script: string): Promise<string> {
  const { stdout, stderr, exitCode } = await node.exec(["sh", "-c", script], { timeoutMs: 180_000 });
  expect({ script, exitCode, stderr }).toEqual({ script, exitCode: 0, stderr: "" });
  return stdout.trim();
}

test("a machine with a kernel, ZFS and KVM of its own is set up, and a second time nothing is changed", async () => {
  expect((await operator.run("node", "setup", "z1")).exitCode).toBe(0);
  expect(await operator.run("node", "setup", "z1")).toMatchObject({
    exitCode: 0,
    stdout: expect.stringContaining("z1 was set up already"),
  });
  expect(await onNode("ip -d link show waifu-md | grep -o 'dummy' | head -n 1")).toBe("dummy");
});

test("a guest under KVM gets its own seed over HTTP, with Redis away or the clock an hour off too", async () => {
  const { uuid } = await operator.answer<{ uuid: string }>(
    ...["create", "deep", "-t", "tiny", "-m", "192M", "--seed", "http"],
  );
  const inGuest = (command: string) => operator.run("ssh", "root@deep", command);
  expect(await inGuest("cat /seed/meta-data; ls /dev/vd?")).toMatchObject({
    exitCode: 0,
    stdout: `instance-id: ${uuid}-g1\nlocal-hostname: deep\n/dev/vda\n`,
  });
  await onNode("systemctl stop waifu-redis && systemctl restart waifu-metadata");
  const own = 'wget -q -O - "$(sed "s/.*;s=//" /sys/class/dmi/id/product_serial)meta-data"';
  expect(await inGuest(own)).toMatchObject({ stdout: `instance-id: ${uuid}-g1\nlocal-hostname: deep\n` });
  const nobodys = `wget -q -O - http://169.254.169.254/${"x".repeat(43)}/meta-data`;
  expect(await inGuest(`timeout 5 ${nobodys}`)).toMatchObject({ stdout: "" });
  await onNode("systemctl start waifu-redis");

  for (const shift of ["+1 hour", "-2 hours"]) {
    await onNode(`date -s '${shift}'`);
    expect(await inGuest(own)).toMatchObject({ stdout: expect.stringContaining(`${uuid}-g1`) });
    expect(await operator.run("node", "doctor", "z1")).toMatchObject({
      exitCode: 9,
      stdout: expect.stringContaining("clock"),
    });
  }
  await onNode("date -s '+1 hour'");
  await operator.answer("delete", "deep", "--yes");
});
