import { requireAddress } from "../instances/address.ts";
import { diagnose } from "../instances/diagnosis.ts";
import { gatherEvidence } from "../instances/evidence.ts";
import { locateInstance } from "../instances/locate.ts";
import { defineCommand } from "./define-command.ts";
import { renderEvidence } from "./evidence-view.ts";

export const command = defineCommand({
  examples: ["waifuctl ip web-1", "waifuctl ip web-1 --why"],
  args: {
    name: { type: "positional", description: "Instance" },
    why: {
      type: "boolean",
      description: "Gather the evidence and name the likely cause when it can't be reached",
    },
  },
  async run({ name, why }, { deps, terminal, signal, print }) {
    const cluster = await deps();
    const instance = await locateInstance(cluster, name, signal);
    if (!why) {
      const found = await requireAddress(cluster, instance, signal);
      return print({ name, ...found }, `${found.address}\n`);
    }
    const evidence = await gatherEvidence(cluster, instance, signal);
    const diagnosis = diagnose(name, evidence);
    print({ name, node: instance.node.name, evidence, ...diagnosis }, () =>
      renderEvidence(evidence, diagnosis, terminal.stdout),
    );
  },
});
