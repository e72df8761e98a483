import { setDefaultTimeout } from "bun:test";
import { OPERATOR, subnetAddress } from "./switch.ts";
import { templateCare } from "./template-care.ts";
import { flipScript } from "./template-site.ts";
import type { Stage } from "./template-stage.ts";
import { templateVersions } from "./template-versions.ts";
import { testLab } from "./test-lab.ts";
import { nodeTable } from "./waifuctl.ts";

// Emulated guests on busy cores.
setDefaultTimeout(180_000);

async function setUp(): Promise<Stage> {
  const { lab, nodes } = await testLab();
  const [first, second] = nodes;
  return {
    nodes: [first, second],
    tables: [nodeTable(first), nodeTable(second)],
    image: lab.image("tiny"),
    address: subnetAddress(first.lan.number, OPERATOR),
    async damage(digest) {
      await first.exec(["sh", "-c", flipScript, "sh", `/var/lib/waifu/templates/${digest}.qcow2`]);
    },
  };
}

templateVersions("a folder", setUp);
templateCare("a folder", setUp);
