import { byHand, type Machine } from "./gate.ts";
import type { Stage } from "./stage.ts";
import type { Trial } from "./trial.ts";

const [REFUSED, FINDINGS_LEFT] = [4, 9];

type Mended = {
  /** Why it can't be mended. */
  readonly complaint?: string;
  readonly isAdvised: boolean;
};

/** One `reconcile`, as soon as it can do its work; and what it, or the verb that ended with `promised`, tells a person to do. */
export async function mend<Node extends Machine>(
  stage: Stage<Node>,
  trial: Trial<Node>,
  promised: number,
): Promise<Mended> {
  const { operator } = stage;
  const { verb, blow } = trial;
  const reconcile = () => operator.run("reconcile", "--json");
  if (blow.cure !== undefined) {
    const { exitCode, stderr } = await reconcile();
    await blow.cure(stage);
    if (blow.refusal !== undefined && exitCode !== blow.refusal)
      return { complaint: `reconcile does not refuse: ${exitCode}: ${stderr}`, isAdvised: false };
  }
  if (blow.isForgetful) {
    // What is half done may be another operator's, and a whole image his only one: they are kept for a day.
    const half = "\\( -path '*/images/*' -o -name '*.new' -o -name '*.part' \\)";
    await byHand(stage.node, `find /var/lib/waifu -type f ${half} -exec touch -d '2 days ago' '{}' ';'`);
  }
  let last = await reconcile();
  if (blow.isForgetful) await operator.run("template", "prune", "--yes");
  // Who was refused for want of room has made some, and goes on with it.
  const isSaidAgain = verb.isRepeated || (blow.isForSmallDisks && promised === REFUSED);
  if (isSaidAgain) {
    await operator.run(...verb.words);
    last = await reconcile();
  }
  const advice = last.exitCode === FINDINGS_LEFT ? adviceOf(last.stdout) : [];
  for (const words of advice) await operator.run(...words);
  if (advice.length > 0) last = await reconcile();
  const { exitCode, stdout, stderr } = last;
  const complaint = `reconcile ended with ${exitCode}: ${stdout}${stderr}`;
  return { complaint: exitCode === 0 ? undefined : complaint, isAdvised: advice.length > 0 };
}

/** What a person adds: they are sure, and this guest knows no power button, for which `stop` would wait its ten minutes. */
const added: readonly (readonly [RegExp, string])[] = [
  [/^(delete|template (delete|prune)) /, "--yes"],
  [/^stop /, "--force"],
];

/** The commands that are named where something is left. */
function adviceOf(json: string): string[][] {
  const { findings }: { findings: { outcome: string; hint?: string }[] } = JSON.parse(json);
  const lines = findings.flatMap(({ outcome, hint = "" }) =>
    outcome === "left" ? (/waifuctl ([^;:,]+[^;:,.])/.exec(hint)?.[1] ?? []) : [],
  );
  return [...new Set(lines)].map((line) => [
    ...line.split(" "),
    ...added.flatMap(([of, word]) => (of.test(line) ? [word] : [])),
  ]);
}
