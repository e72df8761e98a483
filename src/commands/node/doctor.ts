import { exitStatusOf } from "../../errors.ts";
import { nodeNamed } from "../../nodes/cluster.ts";
import { ownBinary } from "../../setup/binary.ts";
import { type Checkup, checkNodes } from "../../setup/doctor.ts";
import { defineCommand } from "../define-command.ts";
import { isFailure, renderFindings } from "./finding-view.ts";

export const command = defineCommand({
  examples: ["waifuctl node doctor", "waifuctl node doctor alpha --json"],
  args: {
    names: { type: "positional", repeatable: true, required: false, description: "Nodes; all when left out" },
  },
  async run({ names }, { deps, signal, print }) {
    const cluster = await deps();
    const nodes = names.length === 0 ? cluster.config.nodes : names.map((name) => nodeNamed(cluster, name));
    const checkups = await checkNodes(cluster, nodes, await ownBinary(), signal);
    print(checkups, () => checkups.map(render).join(""));
    const isWell = checkups.every(({ findings }) => !findings.some(isFailure));
    return isWell ? 0 : exitStatusOf("findings");
  },
});

function render({ node, findings }: Checkup): string {
  const heading = findings.some(isFailure)
    ? `${node} needs care:`
    : `${node} is well (${findings.length} checks)`;
  return `${heading}\n${renderFindings(findings)}`;
}
