import { setDefaultTimeout } from "bun:test";
import { OPERATOR, subnetAddress } from "./switch.ts";
import { templateCare } from "./template-care.ts";
import { flipScript } from "./template-site.ts";
import type { Stage } from "./template-stage.ts";
import { templateVersions } from "./template-versions.ts";
import { labName, testLab } from "./test-lab.ts";
import { nodeTable } from "./waifuctl.ts";
import { startZfsNode } from "./zfs-node/zfs-node.ts";

// Guests in an emulated machine, which may have to be built first.
setDefaultTimeout(1_200_000);

async function setUp(): Promise<Stage> {
  const { lab, nodes } = await testLab();
  const [neighbour] = nodes;
  const node = await startZfsNode(labName, "z1");
  return {
    nodes: [node, neighbour],
    tables: [nodeTable(node, { storage: { kind: "zfs", pool: node.pool } }), nodeTable(neighbour)],
    image: lab.image("tiny"),
    address: subnetAddress(neighbour.lan.number, OPERATOR),
    async damage(digest) {
      const device = `/dev/zvol/${node.pool}/waifu/templates/${digest}`;
      await node.exec(["sh", "-c", flipScript, "sh", device]);
    },
  };
}

templateVersions("ZFS", setUp);
templateCare("ZFS", setUp);
