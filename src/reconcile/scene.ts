import type { NodeConfig } from "../config/cluster-config.ts";
import type { InstanceSpec } from "../instance-spec.ts";
import { type Domain, isActive } from "../libvirt/domain-list.ts";
import type { NodeFailure } from "../nodes/fan-out.ts";
import type { NodeProbe } from "../nodes/probe.ts";
import type { SeenInstance } from "../state/instances.ts";
import type { OpenOperation } from "../state/journal.ts";
import type { RestartCount } from "../state/restarts.ts";
import type { KeptSecret } from "../state/secrets.ts";
import type { TemplateVersion } from "../state/templates.ts";
import type { Traces } from "./traces.ts";

export type NodeView = { readonly probe: NodeProbe; readonly traces: Traces };

/** What becomes of an operation without an end: a process elsewhere can't be asked for. */
export type Fate = "alive" | "dead" | "elsewhere";

/** What is remembered beside the operator. */
export type Memories = {
  readonly instances: readonly SeenInstance[];
  readonly templates: readonly TemplateVersion[];
  readonly secrets: readonly Pick<KeptSecret, "scope" | "key" | "setAt">[];
  readonly operations: readonly (OpenOperation & { readonly fate: Fate })[];
  readonly restarts: ReadonlyMap<string, RestartCount>;
};

/** All that findings are made of. */
export type View = {
  readonly nodes: readonly NodeView[];
  readonly failures: readonly NodeFailure[];
  /** Every node of cluster.toml, asked or not. */
  readonly configured: readonly NodeConfig[];
  readonly memories: Memories;
  /** Of this program. */
  readonly version: string;
  readonly now: Date;
};

export type OwnDomain = Domain & { readonly spec: InstanceSpec };

/** One node of the view, with what its rules have in common. */
export type Scene = NodeView & {
  readonly node: NodeConfig;
  readonly memories: Memories;
  readonly version: string;
  readonly now: Date;
  /** Ours, unless an operation on them has not ended: that comes first. */
  readonly ours: readonly OwnDomain[];
  /** Domains, disks and open operations: what bears one of these uuids is somebody's. */
  readonly living: ReadonlySet<string>;
  /** The same by name. */
  readonly names: ReadonlySet<string>;
  /** MACs of all domains, ours or not. */
  readonly macs: ReadonlySet<string>;
};

export function sceneOf(view: View, { probe, traces }: NodeView): Scene {
  const { memories, version, now } = view;
  const { node, domains, storage } = probe;
  const open = memories.operations.filter((operation) => operation.node === node.name);
  const isOpen = (uuid: string) => open.some((operation) => operation.uuid === uuid);
  return {
    probe,
    traces,
    node,
    memories,
    version,
    now,
    ours: domains.flatMap(({ spec, ...domain }) =>
      spec === undefined || isOpen(spec.uuid) ? [] : [{ ...domain, spec }],
    ),
    living: new Set([...domains, ...storage.disks, ...open].map(({ uuid }) => uuid)),
    names: new Set([
      ...domains.flatMap(({ name, spec }) => [name, spec?.name ?? name]),
      ...storage.disks.map(({ name }) => name),
      ...open.map(({ instance }) => instance),
    ]),
    macs: new Set([
      ...domains.flatMap(({ spec }) => spec?.mac ?? []),
      ...[...traces.definitions.values()].flatMap(({ macs }) => macs),
    ]),
  };
}

export function isOn({ state }: Domain): boolean {
  return isActive(state);
}
