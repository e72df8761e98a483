import type { Before } from "./befores.ts";

/** A verb that changes a node: what it starts from, and its words; files are those of the stage. */
export type Verb = {
  readonly title: string;
  readonly before: Before;
  readonly words: readonly string[];
  /** Needs the metadata service. */
  readonly isServed?: true;
  /** It goes on from wherever it was cut off: who wants the rest says it once more. */
  readonly isRepeated?: true;
};

export const subject = "subject";
/** Whichever it is: a trial must read the same on all. */
export const nodeName = "here";

const create = ["create", subject, "-t", "idle", "--no-wait"];
const edit = ["edit", subject, "--file", "subject.yaml"];

export const verbs: readonly Verb[] = [
  { title: "create", before: "absent", words: create },
  { title: "create, seed over HTTP", before: "absent", words: [...create, "--seed", "http"], isServed: true },
  {
    title: "create, template first",
    before: "absent, and its template",
    words: ["create", subject, "-t", "other", "--no-wait"],
  },
  { title: "delete", before: "running", words: ["delete", subject, "--yes"] },
  { title: "delete, switched off", before: "off and written", words: ["delete", subject, "--yes"] },
  {
    title: "delete, seed over HTTP",
    before: "running, with a secret",
    words: ["delete", subject, "--yes"],
    isServed: true,
  },
  { title: "start", before: "off and written", words: ["start", subject] },
  { title: "stop", before: "running", words: ["stop", subject, "--force"] },
  { title: "reinit", before: "off and written", words: ["reinit", subject, "--yes"] },
  { title: "edit", before: "off and written", words: edit },
  { title: "edit, running", before: "running", words: edit },
  { title: "edit, seed over HTTP", before: "running, seed over HTTP", words: edit, isServed: true },
  {
    title: "secret set",
    before: "running, seed over HTTP",
    words: ["secret", "set", subject, "password", "--file", "password"],
    isServed: true,
  },
  {
    title: "secret delete",
    before: "running, with a secret",
    words: ["secret", "delete", subject, "password", "--yes"],
    isServed: true,
  },
  {
    title: "apply",
    before: "as described earlier",
    words: ["apply", "-f", "described.toml", "--prune", "--yes"],
    isServed: true,
    isRepeated: true,
  },
  {
    title: "apply, another size",
    before: "off and written",
    words: ["apply", "-f", "sized.toml", "--yes"],
    isRepeated: true,
  },
  {
    title: "template add",
    before: "absent, and its template",
    words: ["template", "add", "other", "--node", nodeName],
  },
  {
    title: "template create",
    before: "off and written",
    words: ["template", "create", "made", "--from", subject],
  },
  {
    title: "template delete",
    before: "absent, its template ready",
    words: ["template", "delete", "other", "--yes"],
  },
  {
    title: "template prune",
    before: "absent, its template ready twice",
    words: ["template", "prune", "--yes"],
  },
  {
    title: "node setup",
    before: "taken apart",
    words: ["node", "setup", nodeName],
    isServed: true,
    isRepeated: true,
  },
];
