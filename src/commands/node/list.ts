import { type ListedNode, listNodes } from "../../nodes/list.ts";
import { formatSize } from "../../size.ts";
import { renderTable } from "../../terminal/table.ts";
import { defineCommand } from "../define-command.ts";
import { warnOfNodes } from "../node-warnings.ts";

export const command = defineCommand({
  examples: ["waifuctl node list", "waifuctl node list --json"],
  args: {},
  async run(_flags, { deps, reporter, terminal, signal, print }) {
    const nodes = await listNodes(await deps(), signal);
    print(nodes.map(toJson), () =>
      renderTable<ListedNode>(
        [
          { title: "NODE", cell: ({ node }) => node.name },
          { title: "STATE", cell: ({ error }) => (error === undefined ? "ready" : error.code) },
          { title: "CPUS", cell: of(({ facts }) => String(facts.cpus)), align: "right" },
          {
            title: "MEMORY FREE",
            cell: of((f) => ofTotal(f.memoryFreeBytes, f.facts.memoryTotalBytes)),
            align: "right",
          },
          {
            title: "STORAGE FREE",
            cell: of((f) => ofTotal(f.storageFreeBytes, f.storageTotalBytes)),
            align: "right",
          },
          { title: "VMS", cell: of((f) => `${f.running}/${f.instances}`), align: "right" },
          { title: "GUESTS", cell: of(({ facts }) => (facts.hasKvm ? "kvm" : "emulated")) },
          { title: "STORAGE", cell: ({ node }) => node.storage.kind },
          { title: "VERSIONS", cell: of(({ versions }) => describe(versions)) },
        ],
        nodes,
        terminal.stdout,
      ),
    );
    const failures = nodes.flatMap(({ node, error }) => (error === undefined ? [] : [{ node, error }]));
    return warnOfNodes(failures, reporter);
  },
});

function of(cell: (figures: NonNullable<ListedNode["figures"]>) => string): (row: ListedNode) => string {
  return ({ figures }) => (figures === undefined ? "" : cell(figures));
}

function ofTotal(freeBytes: number, totalBytes: number): string {
  return `${formatSize(freeBytes)} of ${formatSize(totalBytes)}`;
}

function describe(versions: Readonly<Record<string, string | undefined>>): string {
  return Object.entries(versions)
    .flatMap(([program, version]) => (version === undefined ? [] : [`${program} ${version}`]))
    .join(", ");
}

function toJson({ node, error, figures }: ListedNode): Record<string, unknown> {
  const { name, labels, storage, network } = node;
  const state = error === undefined ? "ready" : error.code;
  return { name, state, error: error?.message, labels, storage, network, ...figures?.facts, ...figures };
}
