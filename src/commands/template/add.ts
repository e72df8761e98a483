import { addTemplate } from "../../templates/add.ts";
import { defineCommand } from "../define-command.ts";

export const command = defineCommand({
  examples: [
    "waifuctl template add debian-12 https://example.org/debian-12.qcow2 --sha256 8c7f…",
    "waifuctl template add mine ./mine.qcow2",
  ],
  args: {
    name: { type: "positional", description: "Name for exactly these bytes" },
    source: {
      type: "positional",
      description: "http(s):// URL that nodes can fetch, or a file here (qcow2 or raw)",
    },
    sha256: { type: "string", valueHint: "DIGEST", description: "SHA-256 of the image file; a URL needs it" },
  },
  async run(flags, { deps, reporter, print }) {
    const record = await addTemplate(await deps(), flags, reporter);
    print(record, `${record.name} is ${record.source} (sha256 ${record.digest.slice(0, 12)}…)\n`);
  },
});
