import { type ListedOperation, listOperations } from "../../recovery/operations.ts";
import { formatDuration } from "../../terminal/duration.ts";
import { renderTable } from "../../terminal/table.ts";
import { parseWholeNumber } from "../argument-values.ts";
import { defineCommand } from "../define-command.ts";

export const command = defineCommand({
  mends: true,
  examples: ["waifuctl ops list", "waifuctl ops list --limit 100 --json"],
  args: {
    limit: {
      type: "string",
      valueHint: "COUNT",
      default: "20",
      parse: parseWholeNumber({ min: 0, max: 10_000 }),
      description: "How many of the last ones; those without an end are always there",
    },
  },
  async run({ limit }, { deps, terminal, print }) {
    const cluster = await deps();
    const operations = listOperations(cluster, limit);
    const age = (since: string) => formatDuration(cluster.now().getTime() - Date.parse(since));
    print(operations, () =>
      operations.length === 0
        ? "Nothing was done from here yet.\n"
        : renderTable<ListedOperation>(
            [
              { title: "ID", cell: ({ id }) => id.slice(0, 8) },
              { title: "BEGUN", cell: ({ startedAt }) => `${age(startedAt)} ago` },
              { title: "VERB", cell: ({ verb }) => verb },
              { title: "WHAT", cell: ({ instance }) => instance },
              { title: "NODE", cell: ({ node }) => node },
              { title: "BY", cell: ({ operator, host }) => operator || host },
              { title: "STATE", cell: stateWords },
            ],
            operations,
            terminal.stdout,
          ),
    );
  },
});

function stateWords({ condition, stages, stage, host, pid, error }: ListedOperation): string {
  const at = `"${stages[stage - 1] ?? "its first step"}"`;
  if (condition === "under way") return `under way at ${at}: process ${pid}`;
  if (condition === "elsewhere") return `not ended, at ${at}: process ${pid} of ${host}`;
  if (condition === "cut off") return `cut off at ${at}`;
  return error === undefined ? condition : `${condition}: ${error}`;
}
