import { formatSize } from "../../size.ts";
import { type ListedTemplate, listTemplates } from "../../templates/list.ts";
import { renderTable } from "../../terminal/table.ts";
import { defineCommand } from "../define-command.ts";
import { warnOfNodes } from "../node-warnings.ts";

export const command = defineCommand({
  examples: ["waifuctl template list"],
  args: {},
  async run(_flags, { deps, reporter, terminal, signal, print }) {
    const { templates, failures } = await listTemplates(await deps(), signal);
    print(templates, () =>
      templates.length === 0
        ? "No templates yet. Add one: waifuctl template add NAME URL --sha256 DIGEST\n"
        : renderTable<ListedTemplate>(
            [
              { title: "NAME", cell: ({ name }) => name },
              { title: "DIGEST", cell: ({ digest }) => digest.slice(0, 12) },
              {
                title: "DISK",
                cell: ({ virtualBytes }) => (virtualBytes === undefined ? "?" : formatSize(virtualBytes)),
                align: "right",
              },
              { title: "READY ON", cell: ({ nodes }) => nodes.join(" ") || "none yet" },
              { title: "SOURCE", cell: ({ source }) => source ?? "(known to the nodes only)" },
            ],
            templates,
            terminal.stdout,
          ),
    );
    return warnOfNodes(failures, reporter);
  },
});
