import type { LabNode } from "../node.ts";
import { type BlowName, blows } from "./blows.ts";
import type { Call, When } from "./gate.ts";
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
export type Trial = Pick<Rehearsal, "verb" | "before" | "wanted"> & {
  readonly blow: BlowName;
  readonly call: Call;
  readonly when: When;
};

export type Verdict = {
  readonly trial: Trial;
  readonly end: "as before" | "as wanted" | "leak" | "lost" | "not mended" | "not reached";
  /** For a person, when it ended badly. */
  readonly told?: string;
};

export const isGood = ({ end }: Verdict) => end === "as before" || end === "as wanted";

const [REMOTE_FAILED, FINDINGS_LEFT] = [7, 9];

/** Programs that only pass things on: what is hit there would have been hit at their neighbours too. */
const filters = /^(base64|cut|d[fu]|find|flock|grep|head|od|openssl|ps|sleep|stat|tail|timeout|tr) /;

/** What a run calls and its --dry-run does not is what changes the node: a new step is among it without being listed anywhere. */
export async function rehearse(stage: Stage, verb: Verb): Promise<Rehearsal> {
  const { gate, operator } = stage;
  await stage.set(verb);
  const before = await stage.look();
  await gate.reset();
  const planned = await operator.run(...verb.words, "--dry-run");
  if (planned.exitCode !== 0) throw new Error(`${verb.title}: ${planned.stderr}`);
  const reading = new Set((await gate.calls()).map(({ line }) => line));
  await gate.reset();
  await operator.answer(...verb.words);
  await gate.rest();
  const calls = (await gate.calls()).filter(({ line }) => !reading.has(line) && !filters.test(line));
  const wanted = await stage.look();
  if (calls.length === 0) throw new Error(`${verb.title} changes nothing`);
  return { verb, calls, before, wanted };
}

export function trialsOf({ verb, calls, before, wanted }: Rehearsal, blow: BlowName): Trial[] {
  return calls.flatMap((call) =>
    (["before", "after"] as const).map((when) => ({ blow, verb, before, wanted, call, when })),
  );
}

/** Strikes; then one `reconcile` has to make things as they were, or as they were to be. */
export async function carryOut(stage: Stage<LabNode>, trial: Trial): Promise<Verdict> {
  const verdict = await strike(stage, trial);
  if (!isGood(verdict)) await stage.wipe();
  return verdict;
}

async function strike(stage: Stage<LabNode>, trial: Trial): Promise<Verdict> {
  const { gate, operator } = stage;
  const { blow, verb, call, when, before, wanted } = trial;
  // A finished template is in nobody's way, but what makes one needs it gone.
  const isAboutTemplates = verb.before === "absent, and its template" || verb.words[0] === "template";
  if (isAboutTemplates || (await stage.look()) !== before) await stage.set(verb);
  await gate.reset();
  await gate.arm(call, when);
  const running = operator.start(...verb.words);
  const isHeld = await Promise.race([gate.held().then(() => true), running.ended.then(() => false)]);
  if (!isHeld) {
    await gate.release();
    return { trial, end: "not reached", told: (await running.ended).stderr };
  }
  await blows[blow](stage, running, when);
  await gate.rest();
  const { exitCode: promised, stderr } = await running.ended;
  const said = `waifuctl ended with ${promised}: ${stderr.trim()}`;
  let mended = await operator.run("reconcile", "--json");
  if (promised === REMOTE_FAILED && mended.exitCode === FINDINGS_LEFT) {
    // Whoever was told that it failed, and now what is left to do, says it once more.
    await operator.run(...verb.words);
    mended = await operator.run("reconcile", "--json");
  }
  const now = await stage.look();
  if (mended.exitCode !== 0)
    return {
      trial,
      end: "not mended",
      told: `${said}\nreconcile ended with ${mended.exitCode}: ${mended.stdout}${mended.stderr}`,
    };
  if (now === wanted) return { trial, end: "as wanted" };
  if (now === before && promised !== 0) return { trial, end: "as before" };
  const isLost = promised === 0 || keeperLines(now) !== keeperLines(before);
  return { trial, end: isLost ? "lost" : "leak", told: `${said}\n${difference(now, { before, wanted })}` };
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
