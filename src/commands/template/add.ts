import { WaifuError } from "../../errors.ts";
import { type Cluster, nodeNamed } from "../../nodes/cluster.ts";
import { describePlan, renderPlan } from "../../nodes/describe-plan.ts";
import { decideAdd, recordAddition } from "../../templates/add.ts";
import { planPreparations, prepareTemplates } from "../../templates/prepare.ts";
import { changes, defineCommand } from "../define-command.ts";
import { tellFailures } from "../node-warnings.ts";
import { renderAddition, renderPrepared } from "./addition-view.ts";

export const command = defineCommand({
  examples: [
    "waifuctl template add debian-12 --all-nodes",
    "waifuctl template add mine https://example.org/mine.qcow2 --checksum-url https://example.org/SHA256SUMS",
    "waifuctl template add mine ./mine.qcow2 --node alpha",
  ],
  args: {
    name: {
      type: "positional",
      description: "Name for exactly these bytes; alone, what is known by it already, or else the catalog's",
    },
    source: {
      type: "positional",
      required: false,
      description:
        "http(s):// URL that nodes can fetch, or a file here: qcow2 or raw, also in xz, gzip or zstd",
    },
    sha256: { type: "string", valueHint: "DIGEST", description: "SHA-256 of the image file" },
    sha512: { type: "string", valueHint: "DIGEST", description: "SHA-512 of the image file" },
    checksumUrl: { type: "string", valueHint: "URL", description: "Checksum file that names the image" },
    trustOnFirstUse: {
      type: "boolean",
      description: "Take what the URL holds now, and nothing else from then on",
    },
    node: {
      type: "string",
      alias: "n",
      valueHint: "NODE",
      repeatable: true,
      description: "Bring it there now",
    },
    allNodes: { type: "boolean", description: "Bring it to every node now" },
    repair: { type: "boolean", description: "Mend what is damaged of it on these nodes, or on all" },
    ...changes,
  },
  async run({ node, allNodes, repair, dryRun, ...flags }, { deps, reporter, signal, print }) {
    if (dryRun && repair) {
      throw new WaifuError("usage", "--repair and --dry-run don't go together", {
        hint: `What is damaged: waifuctl template verify ${flags.name}`,
      });
    }
    const cluster = await deps();
    const watch = { reporter, signal };
    const nodes = nodesOf(cluster, node, allNodes || (repair && node.length === 0));
    const { name, source, sha256, sha512, checksumUrl, trustOnFirstUse } = flags;
    const request = { name, source, sha256, sha512, checksumUrl, trustOnFirstUse };
    const addition = await decideAdd(cluster, request, watch);
    const { template, version = { name: template.name, digest: template.digest }, outcome } = addition;
    if (dryRun) {
      const { answers, failures } =
        nodes.length === 0
          ? { answers: [], failures: [] }
          : await planPreparations(cluster, template, nodes, watch);
      const plans = answers.map(describePlan);
      print({ ...version, outcome, plans }, () =>
        [renderAddition(addition, "would be"), ...plans.map(renderPlan)].join("\n"),
      );
      return tellFailures(failures, reporter);
    }
    recordAddition(cluster, addition);
    const { answers: prepared, failures } = repair
      ? await (await import("../../templates/repair.ts")).repairTemplates(cluster, template, nodes, watch)
      : await prepareTemplates(cluster, template, nodes, watch);
    print({ ...version, outcome, prepared }, () =>
      [renderAddition(addition, "is"), ...prepared.map(renderPrepared)].join(""),
    );
    return tellFailures(failures, reporter);
  },
});

function nodesOf(cluster: Cluster, names: readonly string[], isAll: boolean) {
  if (isAll && names.length > 0) {
    throw new WaifuError("usage", "--node and --all-nodes don't go together", { hint: "Give one of them." });
  }
  return isAll ? cluster.config.nodes : [...new Set(names)].map((name) => nodeNamed(cluster, name));
}
