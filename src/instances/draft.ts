import type { NodeConfig } from "../config/cluster-config.ts";
import { WaifuError } from "../errors.ts";
import type { InstanceSpec } from "../instance-spec.ts";
import { makeHostKey } from "../metadata/host-key.ts";
import { defaultUser, renderSeed } from "../metadata/seed.ts";
import { seedDisk } from "../metadata/seed-disk.ts";
import { checkUserData } from "../metadata/user-data.ts";
import type { Cluster } from "../nodes/cluster.ts";
import type { FanOut } from "../nodes/fan-out.ts";
import type { NodeProbe } from "../nodes/probe.ts";
import { type ResolvedTemplate, resolveTemplate } from "../templates/resolve.ts";
import { makeUpName } from "./name.ts";

export type CreateRequest = {
  /** Made up when absent. */
  readonly name?: string;
  readonly template?: string;
  readonly node?: string;
  readonly nodeLabels: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly cpus?: number;
  readonly memoryBytes?: number;
  readonly diskBytes?: number;
  readonly userData?: { readonly text: string; readonly path: string };
  /** Public keys, one line each, that may log in. */
  readonly sshKeys: readonly string[];
};

/** An instance before it has a node: all that does not hang on where it will run. */
export type Draft = Omit<InstanceSpec, "address" | "template"> & {
  readonly template: ResolvedTemplate;
  readonly seed: Uint8Array;
};

/**
 * Everything of a new instance that can be said before it has a node, its seed included. Throws `usage` without a template, `not-found` for
 * an unknown one, `exists` for a taken name.
 */
export function draftInstance(cluster: Cluster, request: CreateRequest, view: FanOut<NodeProbe>): Draft {
  const { defaults } = cluster.config;
  const templateName = request.template ?? defaults.template;
  if (templateName === undefined) {
    throw new WaifuError("usage", "create needs a template", {
      hint: "Name one with --template, or set `template` under [defaults] in cluster.toml; waifuctl template list shows them.",
    });
  }
  const template = resolveTemplate(cluster, templateName, view.answers);
  const name = chooseName(cluster, request.name, view);
  const uuid = crypto.randomUUID();
  const facts = request.userData && checkUserData(request.userData.text, request.userData.path);
  const hostKey = facts?.hostKey === "its-own" ? undefined : makeHostKey(name);
  const seed = renderSeed({
    uuid,
    generation: 1,
    hostname: name,
    sshKeys: [...request.sshKeys],
    userData: request.userData?.text,
    hostKey,
  });
  return {
    uuid,
    name,
    generation: 1,
    template,
    cpus: request.cpus ?? defaults.cpus,
    memoryBytes: request.memoryBytes ?? defaults.memoryBytes,
    diskBytes: request.diskBytes ?? Math.max(defaults.diskBytes, template.virtualBytes ?? 0),
    mac: macOf(uuid),
    labels: request.labels,
    user: facts?.loginUser ?? defaultUser,
    hostKey: hostKey?.public,
    createdAt: cluster.now().toISOString(),
    seed: seedDisk(seed),
  };
}

/** The wanted name if it is free everywhere, also on nodes that don't answer as far as is known; else one that is made up. */
function chooseName(cluster: Cluster, wanted: string | undefined, view: FanOut<NodeProbe>): string {
  const unreachable = new Set(view.failures.map((failure) => failure.node.name));
  const remembered = cluster.state.instances.all().filter((seen) => unreachable.has(seen.node));
  const name = wanted ?? makeUpName(takenNames(view, remembered), Math.random);
  checkNameIsFree(name, view.answers);
  const lastSeen = remembered.find((seen) => seen.spec.name === name);
  if (lastSeen !== undefined) {
    throw new WaifuError(
      "exists",
      `can't create ${name}: the name was last seen on node ${lastSeen.node}, which does not answer`,
      {
        node: lastSeen.node,
        instance: name,
        hint: "Choose another name.",
      },
    );
  }
  return name;
}

function takenNames(view: FanOut<NodeProbe>, remembered: readonly { spec: InstanceSpec }[]): Set<string> {
  return new Set([
    ...view.answers.flatMap(({ domains, storage }) =>
      [...domains, ...storage.disks].map((thing) => thing.name),
    ),
    ...remembered.map((seen) => seen.spec.name),
  ]);
}

/** 52:54:00 is QEMU's own prefix; the rest comes from the uuid, so that the address can be found from it. */
export function macOf(uuid: string): string {
  const tail = uuid.replaceAll("-", "").slice(-6);
  return `52:54:00:${tail.slice(0, 2)}:${tail.slice(2, 4)}:${tail.slice(4, 6)}`;
}

/** Throws `exists` when the name is taken anywhere in the cluster, by ours, by a foreign domain, or by a disk that was left behind. */
export function checkNameIsFree(name: string, probes: readonly NodeProbe[]): void {
  for (const { node, domains, storage } of probes) {
    const taker = domains.find((domain) => domain.name === name || domain.spec?.name === name);
    const mend = `Choose another name, or remove that one: waifuctl delete ${name}`;
    if (taker !== undefined)
      refuse(name, node, "the name is taken", taker.spec === undefined ? "Choose another name." : mend);
    if (storage.disks.some((disk) => disk.name === name))
      refuse(name, node, "a disk of that name was left behind", mend);
  }
}

function refuse(name: string, node: NodeConfig, why: string, hint: string): never {
  throw new WaifuError("exists", `can't create ${name}: ${why} on node ${node.name}`, {
    node: node.name,
    instance: name,
    hint,
  });
}
