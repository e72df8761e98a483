import { existsSync } from "node:fs";
import { formatSize } from "../../size.ts";
import { decideExport, exportTemplate } from "../../templates/export.ts";
import { shortDigest } from "../../templates/versions.ts";
import { defineCommand, destroys } from "../define-command.ts";

export const command = defineCommand({
  examples: [
    "waifuctl template export debian-12 debian-12.qcow2",
    "waifuctl template export mine@a1b2c3d4 /backup/mine",
  ],
  args: {
    template: { type: "positional", description: "NAME, NAME@VERSION or a version's digest" },
    file: { type: "positional", description: "File to write here, with the bytes as they were published" },
    ...destroys,
  },
  async run({ template, file }, { deps, reporter, signal, confirm, print }) {
    const cluster = await deps();
    const found = await decideExport(cluster, template, signal);
    if (existsSync(file)) await confirm(`Overwrite ${file}?`);
    const { path, node, bytes } = await exportTemplate(cluster, found, file, { reporter, signal });
    const { name, digest } = found.version;
    print(
      { name, digest, path, node, bytes },
      `${path} is ${name}@${shortDigest(digest)}, ${formatSize(bytes)} from ${node}\n`,
    );
  },
});
