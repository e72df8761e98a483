import { formatSize } from "../../size.ts";
import { listTemplates } from "../../templates/list.ts";
import { type CatalogEntry, listCatalog } from "../../templates/list-catalog.ts";
import { type KnownVersion, shortDigest } from "../../templates/versions.ts";
import { type Column, renderTable } from "../../terminal/table.ts";
import { defineCommand } from "../define-command.ts";
import { warnOfNodes } from "../node-warnings.ts";
import { versionJson } from "./version-view.ts";

export const command = defineCommand({
  examples: ["waifuctl template list", "waifuctl template list --catalog"],
  args: { catalog: { type: "boolean", description: "What template add finds by its name alone" } },
  async run({ catalog }, { deps, reporter, terminal, signal, print }) {
    const cluster = await deps();
    if (catalog) {
      const entries = await listCatalog(cluster);
      return print(entries, () => renderTable(catalogColumns, entries, terminal.stdout));
    }
    const { versions, failures } = await listTemplates(cluster, signal);
    print(versions.map(versionJson), () =>
      versions.length === 0
        ? "No templates yet. Add one: waifuctl template add debian-12\n"
        : renderTable<KnownVersion>(
            [
              { title: "NAME", cell: ({ name }) => name },
              {
                title: "VERSION",
                cell: ({ digest, isNewest }) => `${shortDigest(digest)}${isNewest ? " newest" : ""}`,
              },
              {
                title: "RELEASE",
                cell: ({ record }) => (record === undefined ? "(not added here)" : (record.release ?? "")),
              },
              { title: "DISK", cell: ({ copies }) => sizeOrUnknown(copies[0]?.virtualBytes), align: "right" },
              { title: "ON NODES", cell: sizeOnNodes, align: "right" },
              {
                title: "READY ON",
                cell: ({ copies }) => copies.map(({ node }) => node).join(" ") || "none yet",
              },
            ],
            versions,
            terminal.stdout,
          ),
    );
    return warnOfNodes(failures, reporter);
  },
});

const catalogColumns: readonly Column<CatalogEntry>[] = [
  { title: "NAME", cell: ({ name }) => name },
  { title: "TITLE", cell: ({ title }) => title },
  {
    title: "LEAST DISK",
    cell: (entry) => (entry.kind === "published" ? formatSize(entry.diskBytes) : "no image published"),
    align: "right",
  },
  { title: "FIRMWARE", cell: (entry) => (entry.kind === "published" ? entry.firmware : "") },
];

function sizeOrUnknown(bytes: number | undefined): string {
  return bytes === undefined ? "?" : formatSize(bytes);
}

/** What all its copies take up together. */
function sizeOnNodes({ copies }: KnownVersion): string {
  if (copies.length === 0) return "0 B";
  const sizes = copies.flatMap(({ allocatedBytes }) => allocatedBytes ?? []);
  return sizeOrUnknown(sizes.length === copies.length ? sizes.reduce((sum, size) => sum + size) : undefined);
}
