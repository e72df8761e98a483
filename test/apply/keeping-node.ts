import type { Command, CommandResult } from "../../src/command.ts";
import type { Cluster } from "../../src/nodes/cluster.ts";
import { probeRules, scriptedCluster } from "../scripted-cluster.ts";
import { type Rule, ScriptedRunner } from "../scripted-runner.ts";

const changes: Rule[] = [
  [/^qemu-img create/, ""],
  [/\.new" "\$1" sh /, ""],
  [/^redis-cli /, ""],
  [/add-last ip-dhcp-host|delete ip-dhcp-host|net-update|hostsfile/, ""],
  [/ (define|undefine|destroy|autostart|metadata|setvcpus|setmaxmem|setmem) /, ""],
  [/^rm -f/, ""],
];

/** A scripted node that remembers seeds and who is off, and has the instances that `state` says it has. */
class KeepingNode extends ScriptedRunner {
  readonly seeds = new Map<string, string>();
  readonly off = new Set<string>();
  cluster?: Cluster;

  constructor(node: string) {
    super(node, []);
    const here = () => this.cluster?.state.instances.all().filter((seen) => seen.node === node) ?? [];
    const contents = () => ({
      domains: here().map(({ spec }) => ({ spec, cpus: spec.cpus, state: this.off.has(spec.uuid) ? 5 : 1 })),
      disks: here().map(({ spec: { name, uuid } }) => ({ name, uuid })),
    });
    const last = (pattern: RegExp) => pattern.exec(this.ran.at(-1) ?? "")?.[1] ?? "";
    this.rules = [
      [/"earlier"/, () => [...this.seeds.values(), ""].join("\n")],
      [/^cat \/var\/lib\/waifu\/seeds/, () => this.seeds.get(last(/([0-9a-f-]{36})\.json$/)) ?? ""],
      [/ start [0-9a-f-]{36}$/, () => this.#says(() => this.off.delete(last(/ start (\S+)$/)))],
      [/ shutdown /, () => this.#says(() => this.off.add(last(/ shutdown (\S+)/)))],
      ...probeRules(contents),
      ...changes,
    ];
  }

  /** Nothing, as virsh with -q. */
  #says(work: () => unknown): string {
    work();
    return "";
  }

  override async run(command: Command, signal?: AbortSignal): Promise<CommandResult> {
    const result = await super.run(command, signal);
    const uuid = /seeds\/([0-9a-f-]{36})\.json$/.exec(command.argv.at(-1) ?? "")?.[1];
    if (uuid !== undefined && command.stdin instanceof Uint8Array)
      this.seeds.set(uuid, new TextDecoder().decode(command.stdin));
    return result;
  }

  /** What was run there since the last call, but for looks. */
  changes(): string[] {
    const isChange = (line: string) =>
      changes.some(([pattern]) => pattern.test(line)) || / (start|shutdown) /.test(line);
    return this.ran
      .splice(0)
      .filter((line) => isChange(line) && !/list --all|domstats|waifu\.lock$/.test(line));
  }
}

/** A cluster of such nodes, n1 and n2: what is done to it stays done. */
export function keepingCluster() {
  const nodes = ["n1", "n2"].map((name) => new KeepingNode(name));
  const cluster = scriptedCluster(nodes);
  for (const node of nodes) node.cluster = cluster;
  return { cluster, nodes };
}
