import { seedIsReadAt } from "../instances/edit.ts";
import type { Instance } from "../instances/locate.ts";

const readings = {
  start: "The guest sees it when it is started next",
  reboot: "The guest sees it when it reboots next",
  "stop and start":
    "The guest sees it when it has been stopped and is started next (to reboot is not enough)",
};

/** Of cloud-init's per-instance modules, which a new instance-id makes run again. */
const consequence =
  "cloud-init then sets up users, files, packages and runcmd anew, as on a first boot; what an earlier generation made stays.";

/** What an edit changed or would change, and when the guest takes notice. */
export function renderEdit(edit: {
  readonly diff: string;
  readonly instance: Instance;
  /** As it is since; absent: nothing was stored. */
  readonly edited?: Instance;
  readonly isApplied: boolean;
}): string {
  const { diff, instance, edited, isApplied } = edit;
  const { name } = instance.spec;
  if (diff === "") return `${name} has this user-data already: nothing to do\n`;
  const reading = isApplied ? "The guest restarts with it" : readings[seedIsReadAt(instance)];
  const stored =
    edited === undefined ? "" : `${name} has generation ${edited.spec.generation} of its seed.\n`;
  return `${diff}\n${stored}${reading}: ${consequence}\n`;
}
