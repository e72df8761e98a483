import { expect, setDefaultTimeout, test } from "bun:test";
import { layOut, writeCatalog } from "./distro-mirror.ts";
import { OPERATOR, subnetAddress } from "./switch.ts";
import { testLab } from "./test-lab.ts";
import { tracesOf } from "./traces.ts";
import { newOperator, nodeTable } from "./waifuctl.ts";
import { serveTree } from "./web-tree.ts";

// Emulated firmware takes its time.
setDefaultTimeout(300_000);

test("what the catalog says boots by UEFI does, keeps its variables over a restart, and leaves none", async () => {
  const { lab, nodes } = await testLab();
  const [node] = nodes;
  const tree = await serveTree(subnetAddress(node.lan.number, OPERATOR));
  const operator = await newOperator([nodeTable(node)], { catalog: "catalog.toml" });
  const { alpine } = layOut(tree);
  await writeCatalog(operator.home, [alpine]);
  const before = await tracesOf([node]);
  await alpine.publish("3.24.2", lab.image("tiny").path);
  const variables = async () => (await node.exec(["ls", "/var/lib/libvirt/qemu/nvram"])).stdout;

  await operator.answer("template", "add", alpine.name);
  await operator.answer("create", "modern", "-t", alpine.name, "-m", "256M");
  const inGuest = await operator.run("ssh", "root@modern", "ls /sys/firmware");
  expect(inGuest).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^efi$/m) });
  expect(await variables()).toContain("modern");
  await operator.answer("stop", "modern", "--force");
  await operator.answer("start", "modern");
  expect(await operator.run("ssh", "root@modern", "hostname")).toMatchObject({ stdout: "modern\n" });

  await operator.answer("delete", "modern", "--yes");
  await operator.answer("template", "delete", alpine.name, "--yes");
  expect(await variables()).not.toContain("modern");
  expect(await tracesOf([node])).toEqual(before);
  await tree.stop();
  await operator.leave();
});
