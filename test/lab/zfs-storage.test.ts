import { connectNode } from "../../src/ssh/connect-node.ts";
import { Dialer } from "../../src/ssh/dialer.ts";
import { storageContract } from "../storage/storage-contract.ts";
import { labName } from "./test-lab.ts";
import { startZfsNode } from "./zfs-node/zfs-node.ts";

storageContract("zfs", async () => {
  const node = await startZfsNode(labName, "z1");
  // Apart from what other tests keep in the pool.
  const pool = `${node.pool}/contract`;
  await node.exec(["zfs", "create", pool]);
  const runner = await connectNode(new Dialer({ operator: { user: "root" } }), {
    name: node.name,
    ssh: node,
  });
  return {
    runner,
    config: { kind: "zfs", pool },
    tearDown: async () => {
      await runner.close();
      await node.exec(["zfs", "release", "-r", "waifu", `${pool}/waifu/templates/${"d".repeat(64)}@ready`]);
      await node.exec(["zfs", "destroy", "-r", pool]);
    },
  };
});
