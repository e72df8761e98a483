import type { NodeConfig } from "../src/config/cluster-config.ts";
import type { InstanceSpec } from "../src/instance-spec.ts";
import { metadataElement } from "../src/libvirt/metadata.ts";
import type { Cluster } from "../src/nodes/cluster.ts";
import { Dialer } from "../src/ssh/dialer.ts";
import { openState } from "../src/state/state.ts";
import { type Rule, ScriptedRunner } from "./scripted-runner.ts";

export function nodeConfig(name: string): NodeConfig {
  return {
    name,
    labels: {},
    storage: { kind: "dir", path: "/var/lib/waifu" },
    network: { kind: "network", name: "default" },
    libvirtUri: "qemu:///system",
    memoryOvercommit: 1,
    cpuOvercommit: 4,
  };
}

/** A cluster of scripted nodes: real SQLite in memory, a clock that stands still. */
export function scriptedCluster(
  runners: readonly (ScriptedRunner | Error)[],
  names = ["n1", "n2", "n3"],
): Cluster {
  const now = () => new Date("2026-01-02T03:04:05Z");
  const nodes = runners.map((_, index) => nodeConfig(names[index] ?? ""));
  return {
    config: {
      path: "/etc/cluster.toml",
      statePath: ":memory:",
      defaults: { cpus: 1, memoryBytes: 1024 ** 3, diskBytes: 10 * 1024 ** 3 },
      nodes,
    },
    state: openState(":memory:", "tester@here", now),
    operator: "tester@here",
    dialer: new Dialer({ operator: { user: "tester" } }),
    publicKeys: async () => ["ssh-ed25519 AAAA tester"],
    now,
    connect: async (node) => {
      const runner = runners[nodes.indexOf(node)];
      if (runner instanceof ScriptedRunner) return runner;
      throw runner ?? new Error(`no such node: ${node.name}`);
    },
  };
}

export type ScriptedDomain = {
  readonly spec: InstanceSpec;
  /** As libvirt numbers states, and reasons of being off. */
  readonly state: number;
  readonly reason?: number;
  /** False: it does not start with its node. */
  readonly autostart?: boolean;
  readonly cpus?: number;
  /** Its metadata element is gone, or can't be read. */
  readonly isDamaged?: boolean;
};

export type NodeContents = {
  readonly domains?: readonly ScriptedDomain[];
  readonly foreign?: readonly string[];
  readonly disks?: readonly { name: string; uuid: string }[];
  readonly reservations?: readonly { mac: string; address: string }[];
  readonly sequence?: number;
  readonly hasMetadataService?: boolean;
  /** `tiny` is there unless this says otherwise. */
  readonly hasTemplate?: boolean;
};

const template = { digest: "a".repeat(64), name: "tiny", virtualBytes: 32 * 1024 ** 2 };

/** What a namespace node prints to a probe; `contents` is asked each time, so that it can change between two. */
export function probeRules(contents: () => NodeContents): Rule[] {
  return [
    [/waifu\.lock$/, () => `${contents().sequence ?? 0}\ntester@here`],
    [
      /meminfo/,
      () => `6.1.0 x86_64\n4\n16777216\n8388608\nkvm\n${contents().hasMetadataService ? "metadata\n" : ""}`,
    ],
    [
      /list --all --uuid; net-dumpxml/,
      () => `${printDomains(contents())}\n== 0\n${printNetwork(contents())}`,
    ],
    [/domstats --raw/, () => printDomains(contents())],
    [/df -B1/, () => printStorage(contents())],
    [/net-dumpxml --inactive/, () => printNetwork(contents())],
  ];
}

function printDomains({ domains = [], foreign = [] }: NodeContents): string {
  const ours = domains.map(
    ({ spec, state, reason = 0, cpus = 1, isDamaged }) =>
      `@${spec.uuid}\n${isDamaged ? "" : metadataElement(spec).replaceAll("waifu:", "")}\n\nDomain: '${spec.name}'\n  state.state=${state}\n  state.reason=${reason}\n  balloon.maximum=1048576\n  vcpu.current=${cpus}\n`,
  );
  const starting = domains.filter(({ autostart = true }) => autostart).map(({ spec }) => spec.uuid);
  const others = foreign.map(
    (name, index) => `@00000000-0000-4000-8000-00000000000${index}\n\nDomain: '${name}'\n  state.state=1\n`,
  );
  return [...ours, ...others, "@autostart", ...starting, "@end\n"].join("\n");
}

function printStorage({ disks = [], hasTemplate = true }: NodeContents): string {
  const files = disks.map(({ name, uuid }) => `${name}.${uuid}.qcow2\t8\n`);
  return `1B-blocks Avail\n270553174016 79964037120\n${hasTemplate ? JSON.stringify(template) : ""}\n${files.join("")}`;
}

function printNetwork({ reservations = [] }: NodeContents): string {
  const hosts = reservations.map(({ mac, address }) => `<host mac='${mac}' ip='${address}'/>`).join("");
  return `active\n<network><name>default</name><bridge name='virbr0'/><ip address='192.168.122.1'><dhcp><range start='192.168.122.2' end='192.168.122.254'/>${hosts}</dhcp></ip></network>\n--\n?\n--\n[]\n`;
}
