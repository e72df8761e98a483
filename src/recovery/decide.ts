import { WaifuError } from "../errors.ts";
import { mendingCommand } from "../nodes/interrupted.ts";
import type { OpenOperation } from "../state/journal.ts";

/** `usual`: what reconcile does of itself. The others are a person's wish. */
export type Way = "usual" | "resume" | "undo";

/** What is to become of an operation that was cut off. */
export type Recovery = {
  readonly operation: OpenOperation;
  readonly way: Way;
  readonly title: string;
  readonly reason: string;
  readonly risk: "safe" | "force" | "person";
  /** What a person would type instead. */
  readonly hint?: string;
};

type Course = Pick<Recovery, "reason" | "risk"> & {
  /** Which of its ways there are, in words. */
  readonly usual: string;
  readonly resume?: string;
  readonly undo?: string;
};

const power = (course: Omit<Course, "risk" | "undo">): Course => ({
  ...course,
  risk: "safe",
  undo: "give up",
});

const removal: Course = {
  usual: "finish",
  resume: "finish",
  reason: "it was confirmed, and part of it may be gone",
  risk: "safe",
};

const secret: Course = {
  usual: "finish",
  resume: "finish",
  reason: "what is kept here is what the guest is to have",
  risk: "safe",
};

/** What is looked at anew each time needs no end of its own. */
const passing: Course = {
  usual: "close",
  resume: "close",
  undo: "close",
  reason: "whatever is left of it is a finding of its own",
  risk: "safe",
};

const applied: Course = { ...passing, reason: "applying it again goes on with it" };

const unknown: Course = {
  usual: "look at",
  undo: "give up",
  reason: "this waifuctl does not know how to finish or undo it",
  risk: "person",
};

const courses: Readonly<Record<string, Course>> = {
  create: {
    usual: "finish, or else undo,",
    resume: "finish",
    undo: "undo",
    reason: "it can be finished once its domain and its seed are there",
    risk: "safe",
  },
  "undo create": { ...removal, undo: "finish", reason: "the create before it had failed" },
  delete: removal,
  start: power({ usual: "repeat", resume: "repeat", reason: "it was to run" }),
  stop: power({ usual: "repeat", resume: "repeat", reason: "it was to stop" }),
  reboot: power({
    usual: "finish",
    resume: "repeat",
    reason: "one that is off is started; whether one that runs was restarted nobody knows",
  }),
  reinit: power({
    usual: "finish",
    resume: "repeat",
    reason: "one that is off gets its fresh disk; one that runs may be fresh already, and is left alone",
  }),
  edit: {
    usual: "finish",
    resume: "finish",
    reason: "what the node keeps of the seed is given to the guest again",
    risk: "safe",
  },
  relabel: applied,
  resize: applied,
  "secret set": secret,
  "secret delete": secret,
  prepare: {
    usual: "undo, or finish where the image was there,",
    resume: "finish",
    undo: "undo",
    reason: "an image can be long in coming",
    risk: "safe",
  },
  "template create": {
    usual: "undo",
    undo: "undo",
    reason: "the copy of a disk can't go on from its middle",
    risk: "safe",
  },
  "template repair": {
    usual: "repeat",
    resume: "repeat",
    undo: "give up",
    reason: "it reads or fetches whole images",
    risk: "person",
  },
  "template delete": removal,
  "template prune": removal,
  "node setup": {
    usual: "repeat",
    resume: "repeat",
    undo: "give up",
    reason: "it installs packages and restarts services",
    risk: "force",
  },
};

/**
 * Says what finishing or undoing an operation means; `recover` does it. Only for one whose process is dead. Throws `refused` for a way that
 * there is not.
 */
export function decideRecovery(operation: OpenOperation, way: Way = "usual"): Recovery {
  const { verb, instance, node, id } = operation;
  const course = courseOf(verb);
  const doing = course[way];
  if (doing === undefined) {
    const other = way === "undo" ? "resume" : "undo";
    throw new WaifuError(
      "refused",
      `${verb} ${instance} on ${node} can't be ${pastOf[way]}: ${course.reason}`,
      {
        node,
        instance,
        hint: course[other] === undefined ? mendingCommand(operation) : `waifuctl ops ${other} ${id}`,
      },
    );
  }
  const title = `${doing} ${verb} ${instance} on ${node}`;
  return { operation, way, title, reason: course.reason, risk: course.risk, hint: mendingCommand(operation) };
}

const pastOf = { usual: "put right", resume: "finished", undo: "undone" };

function courseOf(verb: string): Course {
  const base = verb.replace(/^finish /, "");
  if (/^(undo|reconcile)\b/.test(base)) return courses[base] ?? passing;
  return courses[base] ?? unknown;
}
