import { formatSize } from "../../size.ts";
import { type ShownVersion, showTemplate } from "../../templates/show.ts";
import { renderFields } from "../../terminal/fields.ts";
import { defineCommand } from "../define-command.ts";
import { warnOfNodes } from "../node-warnings.ts";
import { versionJson } from "./version-view.ts";

const trustWords = {
  published: "the publisher's checksum",
  given: "the digest that was given when it was added",
  computed: "the file itself, when it was added",
  "first-use": "whatever came when it was added (first use)",
};

export const command = defineCommand({
  examples: ["waifuctl template show debian-12", "waifuctl template show debian-12@a1b2c3d4"],
  args: { template: { type: "positional", description: "NAME, NAME@VERSION or a version's digest" } },
  async run({ template }, { deps, reporter, terminal, signal, print }) {
    const { versions, failures } = await showTemplate(await deps(), template, signal);
    print(
      versions.map(({ instances, ...version }) => ({ ...versionJson(version), instances })),
      () => versions.map((version) => renderFields(fieldsOf(version), terminal.stdout)).join("\n"),
    );
    return warnOfNodes(failures, reporter);
  },
});

function fieldsOf({ name, digest, record, copies, isNewest, instances }: ShownVersion) {
  const [copy] = copies;
  const ready = copies.map(({ node, allocatedBytes }) =>
    allocatedBytes === undefined ? node : `${node} (${formatSize(allocatedBytes)})`,
  );
  const optional = {
    Release: record?.release,
    Image: record?.imageBytes === undefined ? undefined : formatSize(record.imageBytes),
    Disk: copy === undefined ? undefined : formatSize(copy.virtualBytes),
    "Least disk": record?.minDiskBytes === undefined ? undefined : formatSize(record.minDiskBytes),
    Firmware: record?.firmware,
    "Login user": record?.user,
  };
  return {
    Name: name,
    Version: `${digest}${isNewest ? " (newest)" : ""}`,
    Source: record?.source ?? "not added here: only nodes know it",
    Trust: record === undefined ? "the nodes that have it" : trustWords[record.trust],
    ...Object.fromEntries(
      Object.entries(optional).flatMap(([title, value]) => (value ? [[title, value]] : [])),
    ),
    Added: record?.addedAt ?? "not here",
    "Ready on": ready.join(" ") || "none yet",
    Instances: instances.map((instance) => `${instance.name} (${instance.node})`).join(" ") || "none",
  };
}
