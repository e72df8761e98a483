import { exitStatusOf } from "../errors.ts";
import { restartPolicies } from "../instance-spec.ts";
import { awaitCreated, type Creation, createInstance, decideCreate } from "../instances/create.ts";
import { describePlan, renderPlan } from "../nodes/describe-plan.ts";
import { parseSize } from "../size.ts";
import { parseKeyValue, parseWholeNumber, toRecord, waitTimeout } from "./argument-values.ts";
import { changes, defineCommand } from "./define-command.ts";
import { instanceJson } from "./instance-view.ts";
import { renderPlacement } from "./placement-view.ts";
import { takeUserData } from "./user-data-file.ts";

export const command = defineCommand({
  examples: [
    "waifuctl create --template debian-12",
    "waifuctl create web-1 --template debian-12 --memory 2G --user-data web.yaml --node-label disk=nvme",
  ],
  args: {
    name: { type: "positional", required: false, description: "Name of the instance; made up when left out" },
    template: {
      type: "string",
      alias: "t",
      valueHint: "TEMPLATE",
      description: "NAME (its newest version), NAME@VERSION or a digest; see template list",
    },
    node: {
      type: "string",
      alias: "n",
      valueHint: "NODE",
      description: "Run it there; still refused when it can't fit",
    },
    cpus: {
      type: "string",
      valueHint: "N",
      parse: parseWholeNumber({ min: 1, max: 512 }),
      description: "Virtual CPUs",
    },
    memory: {
      type: "string",
      alias: "m",
      valueHint: "SIZE",
      parse: parseSize,
      description: "Memory, such as 2G or 512MiB",
    },
    disk: {
      type: "string",
      alias: "d",
      valueHint: "SIZE",
      parse: parseSize,
      description: "Disk, such as 20G",
    },
    userData: {
      type: "string",
      alias: "u",
      valueHint: "FILE",
      description: "cloud-config, or - for standard input",
    },
    sshKey: { type: "string", valueHint: "FILE", description: "Public key that may log in" },
    label: {
      type: "string",
      valueHint: "KEY=VALUE",
      repeatable: true,
      parse: parseKeyValue,
      description: "Label it",
    },
    nodeLabel: {
      type: "string",
      valueHint: "KEY=VALUE",
      repeatable: true,
      parse: parseKeyValue,
      description: "Only nodes that bear it",
    },
    seed: {
      type: "enum",
      options: ["http", "cidata"],
      description: "How the guest gets its seed; as its template likes it best when left out",
    },
    restart: {
      type: "enum",
      options: restartPolicies,
      description: "When reconcile starts it again after it stopped; on-failure when left out",
    },
    explain: { type: "boolean", description: "Say why the node was chosen" },
    wait: {
      type: "enum",
      options: ["lease", "ready", "none"],
      description: "Wait until it has its address, or can be used (the default)",
    },
    noWait: { type: "boolean", description: "The same as --wait none" },
    timeout: waitTimeout,
    ...changes,
  },
  async run(flags, { deps, terminal, reporter, signal, print }) {
    const cluster = await deps();
    const file = flags.userData ?? cluster.config.defaults.userDataFile;
    const request = {
      ...flags,
      memoryBytes: flags.memory,
      diskBytes: flags.disk,
      labels: toRecord(flags.label),
      nodeLabels: toRecord(flags.nodeLabel),
      userData: await takeUserData(file, { terminal, reporter }),
      sshKeys: await cluster.publicKeys(flags.sshKey),
    };
    const explain = ({ placement }: Pick<Creation, "placement">) => {
      if (flags.explain && !flags.json) reporter.note(renderPlacement(placement));
    };
    const watch = { reporter, signal };
    if (flags.dryRun) {
      const { plan, preparation, placement } = await decideCreate(cluster, request, watch);
      explain({ placement });
      const first = preparation && describePlan(preparation);
      const then = describePlan(plan);
      const text = () => [first, then].map((part) => (part ? renderPlan(part) : "")).join(first ? "\n" : "");
      return print({ ...then, preparation: first, placement }, text);
    }
    const created = await createInstance(cluster, request, watch, explain);
    const { spec, node, placement } = created;
    const goal = flags.noWait ? "none" : (flags.wait ?? "ready");
    const { address, state } =
      goal === "none"
        ? { address: spec.address, state: "running" }
        : await awaitCreated(cluster, created, goal, flags.timeout * 1000, watch);
    const answer = { ...instanceJson({ spec, node: node.name, state }), address };
    print(
      flags.explain ? { ...answer, placement } : answer,
      `${spec.name} ${state === "degraded" ? "is degraded" : "runs"} on ${node.name}${address ? ` at ${address}` : ""}\n`,
    );
    return state === "degraded" ? exitStatusOf("not-ready") : 0;
  },
});
