import { exportInstances } from "../apply/export.ts";
import { defineCommand } from "./define-command.ts";
import { warnOfNodes } from "./node-warnings.ts";

export const command = defineCommand({
  examples: ["waifuctl export > homelab.toml", "waifuctl export web-1 web-2"],
  args: {
    names: {
      type: "positional",
      required: false,
      repeatable: true,
      description: "Instances; all when left out",
    },
  },
  async run({ names }, { deps, reporter, signal, print }) {
    const { tables, text, incomplete, failures } = await exportInstances(await deps(), names, signal);
    for (const { spec, node } of incomplete)
      reporter.warn(`node ${node.name} has lost the user-data of ${spec.name}: it is left out`);
    print({ instance: tables }, text);
    return warnOfNodes(failures, reporter);
  },
});
