import { findAddress } from "../instances/address.ts";
import { locateInstance } from "../instances/locate.ts";
import { generationOf, locateSeed } from "../instances/seed.ts";
import { formatSize } from "../size.ts";
import { newerTemplate } from "../templates/newer.ts";
import { renderFields } from "../terminal/fields.ts";
import { parseWholeNumber } from "./argument-values.ts";
import { defineCommand } from "./define-command.ts";
import { instanceJson, templateWords } from "./instance-view.ts";

export const command = defineCommand({
  examples: [
    "waifuctl show web-1",
    "waifuctl show web-1 --json | jq -r .uuid",
    "waifuctl show web-1 --user-data --generation 1",
  ],
  args: {
    name: { type: "positional", description: "Instance" },
    userData: { type: "boolean", description: "Only its user-data, as it was given" },
    generation: {
      type: "string",
      valueHint: "N",
      parse: parseWholeNumber({ min: 1, max: Number.MAX_SAFE_INTEGER }),
      description: "That generation of the user-data",
    },
  },
  async run({ name, userData, generation }, { deps, terminal, signal, print }) {
    const cluster = await deps();
    if (userData || generation !== undefined) {
      const shown = generationOf(await locateSeed(cluster, name, signal), generation);
      return print({ name, ...shown }, shown.userData);
    }
    const instance = await locateInstance(cluster, name, signal);
    const { spec, node, state } = instance;
    const found = await findAddress(cluster, instance, signal);
    const listed = {
      spec,
      state,
      node: node.name,
      newerTemplate: newerTemplate(cluster.state, spec.template),
    };
    print({ ...instanceJson(listed), address: found?.address }, () =>
      renderFields(
        {
          Name: spec.name,
          Node: node.name,
          State: state,
          Address: found === undefined ? "none yet" : `${found.address} (${found.source})`,
          Template:
            listed.newerTemplate === undefined
              ? `${spec.template.name} (${spec.template.digest.slice(0, 12)})`
              : templateWords(listed),
          CPUs: String(instance.cpus),
          Memory: formatSize(instance.memoryBytes),
          Disk: formatSize(spec.diskBytes),
          Labels:
            Object.entries(spec.labels)
              .map((pair) => pair.join("="))
              .join(" ") || "none",
          Login: `waifuctl ssh ${spec.name} (user ${spec.user})`,
          MAC: spec.mac,
          UUID: spec.uuid,
          Seed: `generation ${spec.generation}, ${spec.seed === "http" ? "over HTTP" : "on a disk"}`,
          Created: spec.createdAt,
        },
        terminal.stdout,
      ),
    );
  },
});
