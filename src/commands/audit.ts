import { readAudit } from "../secrets/audit.ts";
import { formatDuration } from "../terminal/duration.ts";
import { renderTable } from "../terminal/table.ts";
import { defineCommand } from "./define-command.ts";
import { warnOfNodes } from "./node-warnings.ts";
import { parseSince } from "./since.ts";

export const command = defineCommand({
  examples: ["waifuctl audit --since 2d", "waifuctl audit --instance web-1 --json", "waifuctl audit --local"],
  args: {
    instance: { type: "string", alias: "i", valueHint: "NAME", description: "Only what concerns it" },
    since: {
      type: "string",
      valueHint: "TIME",
      parse: parseSince,
      description: "Only what ended after it: 12h or 2d ago, or a date",
    },
    local: { type: "boolean", description: "Leave out which secrets guests read: ask no node" },
  },
  async run({ instance, since, local }, { deps, reporter, terminal, signal, print }) {
    const cluster = await deps();
    const which = { instance, since: since?.(cluster.now()) };
    const { entries, failures } = local
      ? { entries: cluster.state.audit.read(which), failures: [] }
      : await readAudit(cluster, which, signal);
    print(entries, () =>
      entries.length === 0
        ? "Nothing was done in that time.\n"
        : renderTable<(typeof entries)[number]>(
            [
              { title: "WHEN", cell: ({ at }) => `${at.slice(0, 10)} ${at.slice(11, 19)}Z` },
              { title: "WHO", cell: ({ operator }) => operator },
              { title: "WHAT", cell: ({ verb }) => verb },
              { title: "ON", cell: ({ instance }) => instance },
              { title: "NODE", cell: ({ node }) => node },
              {
                title: "TOOK",
                cell: ({ ms }) => tookWords(ms),
                align: "right",
              },
              {
                title: "OUTCOME",
                cell: ({ outcome, detail }) => (detail === "" ? outcome : `${outcome}: ${detail}`),
              },
            ],
            entries,
            terminal.stdout,
          ),
    );
    return warnOfNodes(failures, reporter);
  },
});

/** What guests read took nobody's time. */
function tookWords(ms: number): string {
  if (ms === 0) return "";
  return ms < 1000 ? `${ms}ms` : formatDuration(ms);
}
