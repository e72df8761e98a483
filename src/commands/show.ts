import { findAddress } from "../instances/address.ts";
import { locateInstance } from "../instances/locate.ts";
import { formatSize } from "../size.ts";
import { renderFields } from "../terminal/fields.ts";
import { defineCommand } from "./define-command.ts";
import { instanceJson } from "./instance-view.ts";

export const command = defineCommand({
  examples: ["waifuctl show web-1", "waifuctl show web-1 --json | jq -r .uuid"],
  args: { name: { type: "positional", description: "Instance" } },
  async run({ name }, { deps, terminal, signal, print }) {
    const cluster = await deps();
    const instance = await locateInstance(cluster, name, signal);
    const { spec, node, state } = instance;
    const found = await findAddress(cluster, instance, signal);
    print({ ...instanceJson({ ...instance, node: node.name }), address: found?.address }, () =>
      renderFields(
        {
          Name: spec.name,
          Node: node.name,
          State: state,
          Address: found === undefined ? "none yet" : `${found.address} (${found.source})`,
          Template: `${spec.template.name} (${spec.template.digest.slice(0, 12)})`,
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
