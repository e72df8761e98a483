import { parseArgs } from "node:util";
import { downLab, upLab } from "../namespace-lab.ts";
import { type BlowName, blowNames } from "./blows.ts";
import { openCampaign, renderTotals, renderVerdict, totalsOf } from "./campaign.ts";
import { isGood, trialsOf } from "./trial.ts";
import { verbs } from "./verbs.ts";

const usage = `Strikes at every step of every verb, and says whether one reconcile mends it. Hours on a slow machine.

bun run crash [--blow kill]... [--verb create]... [--name LAB]
blows: ${blowNames.join(", ")}
verbs: ${verbs.map(({ title }) => title).join(", ")}
`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      blow: { type: "string", multiple: true, default: [...blowNames] },
      verb: { type: "string", multiple: true, default: verbs.map(({ title }) => title) },
      name: { type: "string", default: "crash" },
      help: { type: "boolean", default: false },
    },
  });
  const chosenBlows = blowNames.filter((blow: BlowName) => values.blow.includes(blow));
  const chosenVerbs = verbs.filter(({ title }) => values.verb.includes(title));
  if (values.help || chosenBlows.length === 0 || chosenVerbs.length === 0) {
    process.stderr.write(usage);
    return values.help ? 0 : 2;
  }
  const { nodes } = await upLab(values.name, ["n1", "n2", "n3"]);
  try {
    const campaign = await openCampaign(nodes);
    const rehearsals = await campaign.rehearse(chosenVerbs);
    let count = 0;
    let bad = 0;
    for (const blow of chosenBlows) {
      const verdicts = await campaign.run(
        rehearsals.flatMap((rehearsal) => trialsOf(rehearsal, blow)),
        (verdict) => process.stderr.write(`${++count} ${renderVerdict(verdict)}\n`),
      );
      bad += verdicts.filter((verdict) => !isGood(verdict)).length;
      process.stdout.write(`${blow}: ${renderTotals(totalsOf(verdicts))}\n`);
    }
    await campaign.end();
    return bad === 0 ? 0 : 1;
  } finally {
    await downLab(values.name);
  }
}

process.exitCode = await main();
