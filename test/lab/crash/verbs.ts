/** How the subject of a trial stands before it. */
export type Before = "absent" | "absent, and its template" | "running" | "off and written";

/** A verb that changes a node: what it starts from, and its words; files are those of the stage. */
export type Verb = {
  readonly title: string;
  readonly before: Before;
  readonly words: readonly string[];
};

export const subject = "subject";
/** Whichever it is: a trial must read the same on all. */
export const nodeName = "here";

export const verbs: readonly Verb[] = [
  { title: "create", before: "absent", words: ["create", subject, "-t", "idle", "--no-wait"] },
  {
    title: "create, template first",
    before: "absent, and its template",
    words: ["create", subject, "-t", "other", "--no-wait"],
  },
  { title: "delete", before: "running", words: ["delete", subject, "--yes"] },
  { title: "delete, switched off", before: "off and written", words: ["delete", subject, "--yes"] },
  { title: "start", before: "off and written", words: ["start", subject] },
  { title: "stop", before: "running", words: ["stop", subject, "--force"] },
  { title: "reinit", before: "off and written", words: ["reinit", subject, "--yes"] },
  { title: "edit", before: "off and written", words: ["edit", subject, "--file", "subject.yaml"] },
  { title: "edit, running", before: "running", words: ["edit", subject, "--file", "subject.yaml"] },
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
];
