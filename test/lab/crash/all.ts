import { parseArgs } from "node:util";
import { limitDisk } from "../faults.ts";
import { downLab, upLab } from "../namespace-lab.ts";
import { type Blow, blows, smallDiskMebibytes } from "./blows.ts";
import { openCampaign } from "./campaign.ts";
import { renderTotals, renderTrial, renderTried, type Tried } from "./report.ts";
import { sample } from "./sample.ts";
import { isGood, type Rehearsal, trialsOf } from "./trial.ts";
import { type Verb, verbs } from "./verbs.ts";

const usage = `Strikes at every step of every verb, and says whether one reconcile mends it. Hours on a slow machine.

bun run crash [--blow kill]... [--verb create]... [--nodes 3] [--name LAB]
              [--most 4]      so many trials of each blow on each verb, by chance
              [--seed 1]      the same chance again
              [--done LOG]    not those that ended well in an earlier run, which wrote LOG
blows: ${blows.map(({ name }) => name).join(", ")}
verbs: ${verbs.map(({ title }) => title).join(", ")}
`;

const { values } = parseArgs({
  options: {
    blow: { type: "string", multiple: true, default: blows.map(({ name }) => name) },
    verb: { type: "string", multiple: true, default: verbs.map(({ title }) => title) },
    nodes: { type: "string", default: "3" },
    name: { type: "string", default: "crash" },
    most: { type: "string" },
    seed: { type: "string", default: "1" },
    done: { type: "string" },
    help: { type: "boolean", default: false },
  },
});
const done = values.done === undefined ? "" : await Bun.file(values.done).text();
const isDone = (trial: Tried["trial"]) => done.includes(` ${renderTrial(trial)}: as `);

function chosenTrials(rehearsals: readonly Rehearsal[], blow: Blow) {
  const most = Number(values.most ?? Number.POSITIVE_INFINITY);
  return rehearsals.flatMap((rehearsal) =>
    sample(trialsOf(rehearsal, blow), most, Number(values.seed) + blows.indexOf(blow)).filter(
      (trial) => !isDone(trial),
    ),
  );
}

/** On new nodes. */
async function strikeAll(
  chosenBlows: readonly Blow[],
  chosenVerbs: readonly Verb[],
  areDisksSmall: boolean,
): Promise<Tried[]> {
  const names = Array.from({ length: Number(values.nodes) }, (_, index) => `n${index + 1}`);
  const { nodes } = await upLab(values.name, names, { init: "systemd", images: [] });
  try {
    if (areDisksSmall) for (const node of nodes) await limitDisk(node, smallDiskMebibytes);
    const campaign = await openCampaign(nodes, { isServed: true });
    const rehearsals = await campaign.rehearse(chosenVerbs);
    const all: Tried[] = [];
    for (const blow of chosenBlows) {
      const some = await campaign.run(chosenTrials(rehearsals, blow), (tried) =>
        process.stderr.write(`${new Date().toISOString()} ${renderTried(tried)}\n`),
      );
      process.stdout.write(`${blow.name}: ${renderTotals(some)}\n`);
      all.push(...some);
    }
    await campaign.end();
    return all;
  } finally {
    await downLab(values.name);
  }
}

async function main(): Promise<number> {
  const chosenBlows = blows.filter(({ name }) => values.blow.includes(name));
  const chosenVerbs = verbs.filter(({ title }) => values.verb.includes(title));
  if (values.help || chosenBlows.length === 0 || chosenVerbs.length === 0) {
    process.stderr.write(usage);
    return values.help ? 0 : 2;
  }
  const all: Tried[] = [];
  for (const areDisksSmall of [false, true]) {
    const some = chosenBlows.filter(({ isForSmallDisks = false }) => isForSmallDisks === areDisksSmall);
    if (some.length > 0) all.push(...(await strikeAll(some, chosenVerbs, areDisksSmall)));
  }
  process.stdout.write(`in all: ${renderTotals(all)}\n`);
  return all.every(({ verdict }) => isGood(verdict)) ? 0 : 1;
}

process.exitCode = await main();
