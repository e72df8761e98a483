import { version } from "../../package.json";
import { defineCommand } from "./define-command.ts";

export const command = defineCommand({
  examples: ["waifuctl version"],
  args: {},
  async run(_flags, { print }) {
    print({ version, bun: Bun.version, platform: `${process.platform}-${process.arch}` }, `${version}\n`);
  },
});
