import { captureTemplate, decideCapture } from "../../instances/capture.ts";
import { nodeNamed } from "../../nodes/cluster.ts";
import { describePlan, renderPlan } from "../../nodes/describe-plan.ts";
import { formatSize } from "../../size.ts";
import { shortDigest } from "../../templates/versions.ts";
import { changes, defineCommand } from "../define-command.ts";
import { tellFailures } from "../node-warnings.ts";

export const command = defineCommand({
  examples: [
    "waifuctl ssh web-1 sudo cloud-init clean --machine-id --logs",
    "waifuctl stop web-1",
    "waifuctl template create web --from web-1",
  ],
  args: {
    name: { type: "positional", description: "Name of the template; its newest version from now on" },
    from: {
      type: "string",
      required: true,
      valueHint: "INSTANCE",
      description:
        "Instance to copy, which must be stopped. Its machine-id, host keys and cloud-init state are copied too, unless cleaned before",
    },
    node: {
      type: "string",
      alias: "n",
      valueHint: "NODE",
      repeatable: true,
      description: "Bring it there too",
    },
    ...changes,
  },
  async run({ name, from, node, dryRun }, { deps, reporter, signal, print }) {
    const cluster = await deps();
    const others = node.map((other) => nodeNamed(cluster, other));
    const capture = await decideCapture(cluster, name, from, signal);
    if (dryRun) {
      const plan = describePlan(capture.plan);
      return print(plan, () => renderPlan(plan));
    }
    const made = await captureTemplate(cluster, capture, others, { reporter, signal });
    const { version, answers, failures } = made;
    const size = version.imageBytes === undefined ? "" : `, ${formatSize(version.imageBytes)}`;
    const ready = answers.length === 0 ? "" : `, ready on ${answers.map((one) => one.node).join(", ")}`;
    print(
      { ...version, prepared: answers },
      `${name} is the disk of ${from} (${shortDigest(version.digest)}${size})${ready}\n`,
    );
    return tellFailures(failures, reporter);
  },
});
