import type { InstanceSpec } from "../instance-spec.ts";
import { instanceScope } from "../secrets/scope.ts";
import type { SeenInstance } from "../state/instances.ts";
import type { Found, Memory } from "./finding.ts";
import type { View } from "./scene.ts";

type Placed = { readonly node: string; readonly spec: InstanceSpec };

/** What only shows over several nodes, or beside what is remembered here. */
export function clusterFindings(view: View): Found[] {
  const placed = placedOf(view);
  return [
    ...unreachable(view),
    ...twice(placed),
    ...placed.flatMap((instance) => learned(view, instance)),
    ...view.memories.instances.flatMap((seen) => forgotten(view, placed, seen)),
    ...templates(view, placed),
    ...secrets(view, placed),
  ];
}

/** Uuids of those that share a name or uuid with another: while nobody has said which is the right one, neither is mended. */
export function twinsOf(view: View): Set<string> {
  const placed = placedOf(view);
  const isTwin = ({ uuid, name }: InstanceSpec) =>
    placed.filter(({ spec }) => spec.uuid === uuid || spec.name === name).length > 1;
  return new Set(placed.flatMap(({ spec }) => (isTwin(spec) ? [spec.uuid] : [])));
}

function placedOf({ nodes }: View): Placed[] {
  return nodes.flatMap(({ probe }) =>
    probe.domains.flatMap(({ spec }) => (spec === undefined ? [] : [{ node: probe.node.name, spec }])),
  );
}

function unreachable({ failures, memories }: View): Found[] {
  return failures.map(({ node: { name: node }, error }) => {
    const count = memories.instances.filter((seen) => seen.node === node).length;
    return {
      kind: "node-unreachable",
      node,
      risk: "person",
      message: error.message,
      reason: `its ${count} instances stay remembered as they were last seen`,
      hint: error.hint,
    };
  });
}

function twice(placed: readonly Placed[]): Found[] {
  const by = (kind: "name-twice" | "uuid-twice", keyOf: (spec: InstanceSpec) => string): Found[] =>
    [...Map.groupBy(placed, ({ spec }) => keyOf(spec))].flatMap(([key, [first, second]]): Found[] => {
      if (first === undefined || second === undefined) return [];
      const what = kind === "name-twice" ? "name" : `uuid ${key}`;
      return [
        {
          kind,
          node: first.node,
          instance: first.spec.name,
          risk: "person",
          message: `${first.spec.name} on ${first.node} and ${second.spec.name} on ${second.node} have the same ${what}`,
          reason: "both may be in use",
          hint: `Keep one, and undefine the other on its node: virsh undefine ${second.spec.uuid}`,
        },
      ];
    });
  // Of the same uuid it goes without saying that the name is the same.
  const uuids = by("uuid-twice", ({ uuid }) => uuid);
  const names = by("name-twice", ({ name }) => name);
  return [...uuids, ...names.filter(({ instance }) => !uuids.some((other) => other.instance === instance))];
}

const fromMemory = (what: Memory) => ({ by: "memory", what }) as const;

function learned({ memories, nodes }: View, { node, spec: { name, uuid } }: Placed): Found[] {
  if (memories.operations.some((operation) => operation.uuid === uuid)) return [];
  const known = memories.instances.find((seen) => seen.spec.uuid === uuid);
  if (known?.node === node) return [];
  const found = {
    node,
    instance: name,
    uuid,
    risk: "safe",
    repair: fromMemory({ kind: "instances" }),
  } as const;
  if (known === undefined)
    return [
      { ...found, kind: "adopted", message: `${name} on ${node} was not known here`, reason: "it is ours" },
    ];
  // Of an instance on two nodes one is remembered.
  const isThereToo = nodes.some(
    ({ probe }) => probe.node.name === known.node && probe.domains.some((domain) => domain.uuid === uuid),
  );
  if (isThereToo) return [];
  const message = `${name} is on ${node}, and no longer on ${known.node}`;
  return [{ ...found, kind: "moved", message, reason: "somebody else moved it" }];
}

/** What is remembered, and is not there: neither its domain nor its disk. */
function forgotten(
  { nodes, configured, memories }: View,
  placed: readonly Placed[],
  seen: SeenInstance,
): Found[] {
  const { node, seenAt, spec } = seen;
  const { uuid, name } = spec;
  const isOpen = memories.operations.some((operation) => operation.uuid === uuid);
  if (isOpen || placed.some((other) => other.spec.uuid === uuid)) return [];
  const repair = fromMemory({ kind: "forget", uuid });
  const found = { node, instance: name, uuid, repair } as const;
  if (!configured.some((config) => config.name === node)) {
    const message = `${name} was last seen on ${node}, which is no longer in cluster.toml`;
    const reason = `it was there at ${seenAt}`;
    const hint = `Put ${node} back into cluster.toml; or let go of it: waifuctl reconcile --force`;
    return [{ ...found, kind: "node-gone", risk: "force", message, reason, hint }];
  }
  const probe = nodes.find((view) => view.probe.node.name === node)?.probe;
  if (probe === undefined || [...probe.domains, ...probe.storage.disks].some((thing) => thing.uuid === uuid))
    return [];
  const message = `${name} is no longer on ${node}`;
  return [{ ...found, kind: "forgotten", risk: "safe", message, reason: "somebody else deleted it" }];
}

/**
 * Names that only the labels on nodes' templates tell. The order of several versions is that of what was last made of them: where that
 * does not tell it, the labels go on speaking for themselves.
 */
function templates({ nodes, memories }: View, placed: readonly Placed[]): Found[] {
  const isKnown = (label: { readonly name: string; readonly digest: string }) =>
    memories.templates.some(({ name, digest }) => name === label.name || digest === label.digest);
  const labels = nodes.flatMap(({ probe }) =>
    probe.storage.templates.map(({ name, digest }) => ({ name, digest, node: probe.node.name })),
  );
  const distinct = new Map(labels.map((label) => [`${label.name} ${label.digest}`, label]));
  const unknown = Map.groupBy(
    [...distinct.values()].filter((label) => !isKnown(label)),
    ({ name }) => name,
  );
  return [...unknown.values()].flatMap((versions) => {
    const dated = versions.map((version) => ({ ...version, addedAt: lastUse(placed, version.digest) }));
    const isOrdered = dated.length === 1 || dated.every(({ addedAt }) => addedAt !== undefined);
    return isOrdered ? dated.map(templateFound) : [];
  });
}

function lastUse(placed: readonly Placed[], digest: string): string | undefined {
  const uses = placed.filter(({ spec }) => spec.template.digest === digest);
  return uses
    .map(({ spec }) => spec.createdAt)
    .sort()
    .at(-1);
}

type Labelled = {
  readonly name: string;
  readonly digest: string;
  readonly node: string;
  readonly addedAt?: string;
};

function templateFound({ name, digest, node, addedAt = new Date(0).toISOString() }: Labelled): Found {
  const version = { name, digest, source: `node:${node}`, addedAt, trust: "given" } as const;
  return {
    kind: "template-unknown",
    node,
    uuid: digest,
    risk: "safe",
    message: `the template ${name}@${digest.slice(0, 8)} on ${node} was not known here`,
    reason: "it is ours by its label",
    repair: fromMemory({ kind: "template", version }),
  };
}

/** Only when every node was seen: who is nowhere is gone. */
function secrets({ nodes, configured, memories }: View, placed: readonly Placed[]): Found[] {
  if (nodes.length < configured.length) return [];
  const uuids = [
    ...placed.map(({ spec }) => spec.uuid),
    ...nodes.flatMap(({ probe }) => [...probe.domains, ...probe.storage.disks].map(({ uuid }) => uuid)),
    ...memories.operations.map(({ uuid }) => uuid),
    ...memories.instances
      .filter(({ node }) => !configured.some(({ name }) => name === node))
      .map(({ spec }) => spec.uuid),
  ];
  const living = new Set(uuids.map(instanceScope));
  const scopes = new Set(memories.secrets.map(({ scope }) => scope));
  return [...scopes]
    .filter((scope) => scope.startsWith(instanceScope("")) && !living.has(scope))
    .map((scope) => ({
      kind: "secret-orphan",
      node: "",
      uuid: scope,
      risk: "safe",
      message: `secrets are kept here for ${scope}, which is gone`,
      reason: "every node was looked at",
      repair: fromMemory({ kind: "secrets", scope }),
    }));
}
