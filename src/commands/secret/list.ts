import { locateInstance, viewInstances } from "../../instances/locate.ts";
import { type ListedSecret, listSecrets } from "../../secrets/list.ts";
import { instanceScope, secretsFor } from "../../secrets/scope.ts";
import { keptSecrets } from "../../secrets/vault.ts";
import { formatDuration } from "../../terminal/duration.ts";
import { renderTable } from "../../terminal/table.ts";
import { defineCommand } from "../define-command.ts";
import { warnOfNodes } from "../node-warnings.ts";

export const command = defineCommand({
  examples: ["waifuctl secret list", "waifuctl secret list web-1 --json"],
  args: { name: { type: "positional", required: false, description: "Instance; all secrets when left out" } },
  async run({ name }, { deps, reporter, terminal, signal, print }) {
    const cluster = await deps();
    const view =
      name === undefined
        ? await viewInstances(cluster, cluster.config.nodes, signal)
        : { instances: [await locateInstance(cluster, name, signal)], failures: [] };
    const [only] = name === undefined ? [] : view.instances;
    const kept = keptSecrets(cluster);
    const shown = only === undefined ? kept : secretsFor(kept, only.spec);
    const { secrets, failures } = await listSecrets(cluster, shown, view.instances, signal);
    const names = new Map(
      cluster.state.instances.all().map(({ spec }) => [instanceScope(spec.uuid), spec.name]),
    );
    const age = (since: string) => `${formatDuration(cluster.now().getTime() - Date.parse(since))} ago`;
    print(
      secrets.map((secret) => ({ ...secret, instance: names.get(secret.scope) })),
      () =>
        secrets.length === 0
          ? "No secrets yet. Set one: waifuctl secret set NAME KEY\n"
          : renderTable<ListedSecret>(
              [
                { title: "FOR", cell: ({ scope }) => names.get(scope) ?? scope },
                { title: "KEY", cell: ({ key }) => key },
                { title: "READS", cell: ({ once }) => (once ? "once" : "many") },
                { title: "SET", cell: ({ setAt, setBy }) => `${age(setAt)} by ${setBy}` },
                {
                  title: "LAST READ",
                  cell: ({ lastRead }) =>
                    lastRead === undefined ? "never" : `${age(lastRead.at)} by ${lastRead.instance}`,
                },
              ],
              secrets,
              terminal.stdout,
            ),
    );
    return warnOfNodes([...view.failures, ...failures], reporter);
  },
});
