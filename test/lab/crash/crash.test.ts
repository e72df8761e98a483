import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import fc from "fast-check";
import { testLab } from "../test-lab.ts";
import type { BlowName } from "./blows.ts";
import { type Campaign, openCampaign, renderTotals, renderVerdict, totalsOf } from "./campaign.ts";
import { isGood, type Rehearsal, trialsOf } from "./trial.ts";
import { verbs } from "./verbs.ts";

setDefaultTimeout(400_000);

const seed = Number(process.env.WAIFU_CRASH_SEED ?? crypto.getRandomValues(new Uint16Array(1))[0]);
const kills = Number(process.env.WAIFU_CRASH_SAMPLE ?? 12);

let campaign: Campaign;
let rehearsals: Rehearsal[];

beforeAll(async () => {
  const { nodes } = await testLab();
  campaign = await openCampaign(nodes);
  rehearsals = await campaign.rehearse(sample(verbs, 5));
});

afterAll(() => campaign.end());

function sample<T>(all: readonly T[], count: number): T[] {
  const some = fc.shuffledSubarray([...all], {
    minLength: Math.min(count, all.length),
    maxLength: Math.min(count, all.length),
  });
  return fc.sample(some, { seed, numRuns: 1 })[0] ?? [];
}

test("whatever is struck at whatever moment: one reconcile, and all is as before or as wanted", async () => {
  const some = (blow: BlowName, count: number) =>
    sample(
      rehearsals.flatMap((rehearsal) => trialsOf(rehearsal, blow)),
      count,
    );
  const verdicts = await campaign.run([
    ...some("cut the link", 1),
    ...some("power cut", 1),
    ...some("hang up", 2),
    ...some("kill libvirtd", 1),
    ...some("kill", kills),
  ]);
  const totals = totalsOf(verdicts);
  console.log(`WAIFU_CRASH_SEED=${seed} WAIFU_CRASH_SAMPLE=${kills}: ${renderTotals(totals)}`);
  expect(verdicts.filter((verdict) => !isGood(verdict)).map(renderVerdict)).toEqual([]);
});
