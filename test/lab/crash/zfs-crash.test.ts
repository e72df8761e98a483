import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { labName } from "../test-lab.ts";
import { startZfsNode, type ZfsNode } from "../zfs-node/zfs-node.ts";
import { type Campaign, openCampaign } from "./campaign.ts";
import { aroundGate } from "./gate.ts";
import { renderTotals, renderTried } from "./report.ts";
import { sample } from "./sample.ts";
import { isGood, type Rehearsal, trialsOf } from "./trial.ts";
import { verbs } from "./verbs.ts";
import { zfsBlows } from "./zfs-blows.ts";

// An emulated machine, which may have to be built first.
setDefaultTimeout(2_400_000);

const seed = Number(process.env.WAIFU_CRASH_SEED ?? crypto.getRandomValues(new Uint16Array(1))[0]);
const count = Number(process.env.WAIFU_CRASH_ZFS_SAMPLE ?? 2);

let campaign: Campaign<ZfsNode>;
let rehearsals: Rehearsal[];

beforeAll(async () => {
  const node = aroundGate(await startZfsNode(labName, "z1"));
  const table = { storage: { kind: "zfs", pool: node.pool } };
  campaign = await openCampaign([node], { isServed: false, table });
  const unserved = verbs.filter(({ isServed }) => isServed === undefined);
  rehearsals = await campaign.rehearse(sample(unserved, Math.ceil(count / 3), seed));
});

afterAll(() => campaign.end());

test("on zvols too: one reconcile, and all is as before or as wanted", async () => {
  const blows = sample(zfsBlows, count, seed);
  const trials = blows.flatMap((blow) => {
    const all = rehearsals.flatMap((rehearsal) => trialsOf(rehearsal, blow));
    return sample(all, Math.ceil(count / blows.length), seed);
  });
  const tried = await campaign.run(trials, (one) => console.log(renderTried(one)));
  console.log(`WAIFU_CRASH_SEED=${seed} WAIFU_CRASH_ZFS_SAMPLE=${count}: ${renderTotals(tried)}`);
  expect(tried.filter(({ verdict }) => !isGood(verdict)).map(renderTried)).toEqual([]);
});
