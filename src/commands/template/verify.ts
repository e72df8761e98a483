import { exitStatusOf } from "../../errors.ts";
import { nodeNamed } from "../../nodes/cluster.ts";
import { isDamaged, type Verdict, verifyTemplates } from "../../templates/verify.ts";
import { shortDigest } from "../../templates/versions.ts";
import { renderTable } from "../../terminal/table.ts";
import { defineCommand } from "../define-command.ts";
import { warnOfNodes } from "../node-warnings.ts";

const imageWords = { ok: "ok", damaged: "damaged", none: "not kept" };
const templateWords = { ok: "ok", damaged: "damaged", none: "not made", unknown: "can't tell" };

export const command = defineCommand({
  examples: [
    "waifuctl template verify",
    "waifuctl template verify debian-12 --node alpha",
    "waifuctl template verify --json | jq '.[] | select(.image == \"damaged\")'",
  ],
  args: {
    names: {
      type: "positional",
      repeatable: true,
      required: false,
      description: "Templates; all when left out",
    },
    node: { type: "string", alias: "n", valueHint: "NODE", repeatable: true, description: "Only there" },
  },
  async run({ names, node }, { deps, reporter, terminal, signal, print }) {
    const cluster = await deps();
    const nodes = node.length === 0 ? cluster.config.nodes : node.map((name) => nodeNamed(cluster, name));
    const { answers, failures } = await verifyTemplates(cluster, nodes, names, { reporter, signal });
    print(answers, () =>
      answers.length === 0
        ? "There is no template on these nodes.\n"
        : renderTable<Verdict>(
            [
              { title: "NODE", cell: ({ node }) => node },
              { title: "NAME", cell: ({ name }) => name },
              { title: "VERSION", cell: ({ digest }) => shortDigest(digest) },
              { title: "IMAGE", cell: ({ image }) => imageWords[image] },
              { title: "TEMPLATE", cell: ({ template }) => templateWords[template] },
              { title: "FOUND", cell: ({ complaint = "" }) => complaint },
            ],
            answers,
            terminal.stdout,
          ),
    );
    const status = warnOfNodes(failures, reporter);
    const [damaged] = answers.filter(isDamaged);
    if (damaged === undefined) return status;
    const version = `${damaged.name}@${shortDigest(damaged.digest)}`;
    reporter.warn(`Mend what is damaged: waifuctl template add ${version} --node ${damaged.node} --repair`);
    return exitStatusOf("findings");
  },
});
