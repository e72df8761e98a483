import { applySeed, storeUserData } from "../instances/edit.ts";
import { generationOf, locateSeed } from "../instances/seed.ts";
import { checkUserData } from "../metadata/user-data.ts";
import { diffUserData } from "../metadata/user-data-diff.ts";
import { waitTimeout } from "./argument-values.ts";
import { changes, defineCommand } from "./define-command.ts";
import { editText } from "./edit-text.ts";
import { renderEdit } from "./edit-view.ts";
import { type GivenUserData, newUserData, readUserData, reviewGiven } from "./user-data-file.ts";

export const command = defineCommand({
  examples: [
    "waifuctl edit web-1",
    "waifuctl edit web-1 --file web.yaml --apply now",
    "waifuctl edit web-1 --rollback --dry-run",
  ],
  args: {
    name: { type: "positional", description: "Instance" },
    file: {
      type: "string",
      valueHint: "FILE",
      description: "Take this, or - for standard input, instead of opening $EDITOR",
    },
    rollback: { type: "boolean", description: "Take the user-data of the generation before" },
    apply: {
      type: "enum",
      options: ["now", "later"],
      description: "now restarts the guest; later (the default) waits until somebody does",
    },
    timeout: waitTimeout,
    ...changes,
  },
  async run(flags, context) {
    const { deps, terminal, reporter, signal, print } = context;
    const { name, dryRun: isDryRun } = flags;
    const cluster = await deps();
    const watch = { reporter, signal };
    const seen = await locateSeed(cluster, name, signal);
    const before = generationOf(seen);
    const generation = before.generation + 1;
    const store = async (given: GivenUserData) => {
      const { text, path } = given;
      // What was taken before is taken again, whatever the schema says.
      const userData = flags.rollback
        ? { text, facts: checkUserData(text, path) }
        : await reviewGiven(given, reporter);
      const diff = diffUserData(
        { text: before.userData, title: `${name} generation ${before.generation}` },
        { text, title: `${name} generation ${generation}` },
      );
      const isStored = diff !== "" && !isDryRun;
      return {
        diff,
        edited: isStored ? await storeUserData(cluster, seen, userData, watch) : undefined,
      };
    };
    const given = await newUserData(flags, seen, terminal);
    const { diff, edited } =
      given === undefined
        ? await editText(context, { name: `${name}.yaml`, text: before.userData }, async (path) =>
            store(await readUserData(path, terminal)),
          )
        : await store(given);
    const isApplied = edited !== undefined && flags.apply === "now";
    if (isApplied) await applySeed(cluster, edited, flags.timeout * 1000, watch);
    print(
      { name, node: seen.instance.node.name, generation: edited?.spec.generation, diff, applied: isApplied },
      () => renderEdit({ diff, instance: seen.instance, edited, isApplied }),
    );
  },
});
