import { findAddress } from "../instances/address.ts";
import { locateInstance } from "../instances/locate.ts";
import { formatSize } from "../size.ts";
import { newerTemplate } from "../templates/newer.ts";
import { renderFields } from "../terminal/fields.ts";
import { defineCommand } from "./define-command.ts";
import { instanceJson, templateWords } from "./instance-view.ts";

export const command = defineCommand({
  examples: ["waifuctl show web-1", "waifuctl show web-1 --json | jq -r .uuid"],
  args: { name: { type: "positional", description: "Instance" } },
  async run({ name }, { deps, terminal, signal, print }) {
    const cluster = await deps();
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
          Generation: String(spec.generation),
          Created: spec.createdAt,
        },
        terminal.stdout,
      ),
    );
  },
});
