import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { downLab, upLab } from "../namespace-lab.ts";
import type { LabNode } from "../node.ts";
import { labName } from "../test-lab.ts";
import { blows } from "./blows.ts";
import { type Campaign, openCampaign } from "./campaign.ts";
import { renderTotals, renderTried } from "./report.ts";
import { sample } from "./sample.ts";
import { isGood, type Rehearsal, trialsOf } from "./trial.ts";
import { verbs } from "./verbs.ts";

setDefaultTimeout(900_000);

const seed = Number(process.env.WAIFU_CRASH_SEED ?? crypto.getRandomValues(new Uint16Array(1))[0]);
const kills = Number(process.env.WAIFU_CRASH_SAMPLE ?? 12);
const name = `${labName}-crash`;

let campaign: Campaign<LabNode>;
let rehearsals: Rehearsal[];

beforeAll(async () => {
  await downLab(name);
  const { nodes } = await upLab(name, ["n1", "n2", "n3"], { init: "systemd", images: [] });
  campaign = await openCampaign(nodes, { isServed: true });
  rehearsals = await campaign.rehearse(sample(verbs, 5, seed));
});

afterAll(async () => {
  await campaign.end();
  await downLab(name);
});

test("whatever is struck at whatever moment: one reconcile, and all is as before or as wanted", async () => {
  const kinds = blows.filter(({ isForSmallDisks }) => isForSmallDisks === undefined);
  const trials = kinds.flatMap((blow, index) => {
    const all = rehearsals.flatMap((rehearsal) => trialsOf(rehearsal, blow));
    return sample(all, blow.name === "kill" ? kills : 1, seed + index);
  });
  // Each as it ends: what breaks off this test is to be seen.
  const tried = await campaign.run(sample(trials, trials.length, seed), (one) =>
    console.log(renderTried(one)),
  );
  console.log(`WAIFU_CRASH_SEED=${seed} WAIFU_CRASH_SAMPLE=${kills}: ${renderTotals(tried)}`);
  expect(tried.filter(({ verdict }) => !isGood(verdict)).map(renderTried)).toEqual([]);
});
