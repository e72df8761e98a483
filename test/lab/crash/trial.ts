import type { Blow } from "./blows.ts";
import type { Call, Machine, When } from "./gate.ts";
import { mend } from "./mend.ts";
import type { Stage } from "./stage.ts";
import type { Verb } from "./verbs.ts";

/** A verb that was seen through once: where it can be hit, and how all stands before it and after it. */
export type Rehearsal = {
  readonly verb: Verb;
  readonly calls: readonly Call[];
  readonly before: string;
  readonly wanted: string;
};

/** One blow at one moment: just before a program of the verb is run on the node, or when it has just ended. */
export type Trial<Node extends Machine> = Pick<Rehearsal, "verb" | "before" | "wanted"> & {
  readonly blow: Blow<Node>;
  readonly call: Call;
  readonly when: When;
};

export type Verdict = {
  readonly end: "as before" | "as wanted" | "leak" | "lost" | "not mended" | "not reached";
  /** `reconcile` left something to a person, who was told the command for it. */
  readonly isAdvised?: boolean;
  /** For a person, when it ended badly. */
  readonly told?: string;
};

export const isGood = ({ end }: Verdict) => end === "as before" || end === "as wanted";

/** Programs that only pass things on: what is hit there would have been hit at their neighbours too. */
const filters = /^(base64|cut|d[fu]|find|flock|grep|head|od|openssl|ps|sleep|stat|tail|timeout|tr) /;

/** What a run calls and its --dry-run does not is what changes the node: a new step is among it without being listed anywhere. */
export async function rehearse(stage: Stage, verb: Verb): Promise<Rehearsal> {
  const { gate, operator } = stage;
  await stage.set(verb);
  const before = await stage.look(verb);
  await gate.stand();
  const planned = await operator.run(...verb.words, "--dry-run");
  if (planned.exitCode !== 0) throw new Error(`${verb.title}: ${planned.stderr}`);
  const reading = new Set((await gate.calls()).map(({ line }) => line));
  await gate.stand();
  await operator.answer(...verb.words);
  await gate.rest();
  const calls = (await gate.calls()).filter(({ line }) => !reading.has(line) && !filters.test(line));
  const wanted = await stage.look(verb);
  if (calls.length === 0 || wanted === before) throw new Error(`${verb.title} changes nothing`);
  return { verb, calls, before, wanted };
}

export function trialsOf<Node extends Machine>(
  { verb, calls, before, wanted }: Rehearsal,
  blow: Blow<Node>,
): Trial<Node>[] {
  return calls.flatMap((call) =>
    (["before", "after"] as const).map((when) => ({ blow, verb, before, wanted, call, when })),
  );
}

/** Strikes; then `reconcile` has to make things as they were, or as they were to be. */
export async function carryOut<Node extends Machine>(
  stage: Stage<Node>,
  trial: Trial<Node>,
): Promise<Verdict> {
  const verdict = await strike(stage, trial);
  if (!isGood(verdict)) await stage.wipe();
  else if (trial.blow.isForgetful) await stage.remind();
  return verdict;
}

async function strike<Node extends Machine>(stage: Stage<Node>, trial: Trial<Node>): Promise<Verdict> {
  const { gate, operator } = stage;
  const { blow, verb, call, when, before, wanted } = trial;
  await stage.set(verb, before);
  await gate.arm(call, when);
  const running = operator.start(...verb.words);
  const isHeld = await Promise.race([gate.held().then(() => true), running.ended.then(() => false)]);
  if (!isHeld) {
    await gate.release();
    return { end: "not reached", told: (await running.ended).stderr };
  }
  await blow.strike(stage, running, when);
  await gate.rest();
  const { exitCode: promised, stderr } = await running.ended;
  const said = `waifuctl ended with ${promised}: ${stderr.trim()}`;
  const { complaint, isAdvised } = await mend(stage, trial, promised);
  if (complaint !== undefined) return { end: "not mended", told: `${said}\n${complaint}` };
  let now = await stage.look(verb);
  // Nobody remembers how far it was to go: who wants the rest says it again.
  if (blow.isForgetful && now !== wanted && now !== before) {
    await operator.run(...verb.words);
    now = await stage.look(verb);
  }
  if (now === wanted) return { end: "as wanted", isAdvised };
  if (now === before && promised !== 0 && !verb.isRepeated) return { end: "as before", isAdvised };
  const isKept = [before, wanted].some((stood) => keeperLines(stood) === keeperLines(now));
  const isLost = promised === 0 || !isKept;
  return { end: isLost ? "lost" : "leak", told: `${said}\n${difference(now, { before, wanted })}` };
}

const keeperLines = (text: string) =>
  text
    .split("\n")
    .filter((line) => /keeper/i.test(line))
    .join("\n");

function difference(now: string, sides: Readonly<Record<string, string>>): string {
  const is = now.split("\n");
  const told = Object.entries(sides).map(([side, text]) => {
    const was = text.split("\n");
    const more = is.filter((line) => !was.includes(line)).map((line) => `  + ${line}`);
    const less = was.filter((line) => !is.includes(line)).map((line) => `  - ${line}`);
    return [`against ${side}:`, ...more, ...less].join("\n");
  });
  return told.join("\n");
}
