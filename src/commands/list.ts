import { type ListedInstance, listInstances } from "../instances/list.ts";
import { formatSize } from "../size.ts";
import { formatDuration } from "../terminal/duration.ts";
import { renderTable } from "../terminal/table.ts";
import { defineCommand } from "./define-command.ts";
import { instanceJson, templateWords } from "./instance-view.ts";
import { warnOfNodes } from "./node-warnings.ts";

export const command = defineCommand({
  examples: ["waifuctl list", "waifuctl list --json | jq -r '.[].name'"],
  args: {},
  async run(_flags, { deps, reporter, terminal, signal, print }) {
    const cluster = await deps();
    const { instances, failures } = await listInstances(cluster, signal);
    const age = (since: string) => formatDuration(cluster.now().getTime() - Date.parse(since));
    print(instances.map(instanceJson), () =>
      instances.length === 0 && failures.length === 0
        ? "No instances yet. Make one: waifuctl create --template TEMPLATE\n"
        : renderTable<ListedInstance>(
            [
              { title: "NAME", cell: ({ spec }) => spec.name },
              { title: "NODE", cell: ({ node }) => node },
              {
                title: "STATE",
                cell: ({ state, lastSeenAt }) =>
                  lastSeenAt ? `${state} (seen ${age(lastSeenAt)} ago)` : state,
              },
              { title: "ADDRESS", cell: ({ spec }) => spec.address ?? "" },
              { title: "CPUS", cell: ({ spec }) => String(spec.cpus), align: "right" },
              { title: "MEMORY", cell: ({ spec }) => formatSize(spec.memoryBytes), align: "right" },
              { title: "DISK", cell: ({ spec }) => formatSize(spec.diskBytes), align: "right" },
              { title: "TEMPLATE", cell: templateWords },
              { title: "AGE", cell: ({ spec }) => age(spec.createdAt), align: "right" },
            ],
            instances,
            terminal.stdout,
          ),
    );
    return warnOfNodes(failures, reporter);
  },
});
