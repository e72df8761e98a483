import { secretKeyOf } from "../../secrets/vault.ts";
import { defineCommand } from "../define-command.ts";

export const command = defineCommand({
  examples: ["waifuctl state backup", "waifuctl state backup /mnt/usb/waifu.db"],
  args: {
    file: {
      type: "positional",
      required: false,
      description: "Where to; beside the state file when left out",
    },
  },
  async run({ file }, { deps, print }) {
    const { config, state, now } = await deps();
    const path = file ?? `${config.statePath}.backup-${now().toISOString().replaceAll(":", "")}`;
    state.backup(path);
    const key = secretKeyOf(config);
    const without =
      key === undefined ? "" : `Without the key of its secrets: keep ${key} somewhere else than this.\n`;
    print(
      { path, without: key === undefined ? [] : [key] },
      `${config.statePath} is copied to ${path}\n${without}`,
    );
  },
});
