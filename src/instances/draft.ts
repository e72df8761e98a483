import type { Command } from "../command.ts";
import { WaifuError } from "../errors.ts";
import type { InstanceSpec, RestartPolicy, SeedTransport } from "../instance-spec.ts";
import { defaultUser, defaultUserData } from "../metadata/cloud-config.ts";
import { makeHostKey } from "../metadata/host-key.ts";
import type { SeedHistory } from "../metadata/seed-history.ts";
import { makeToken } from "../metadata/seed-record.ts";
import type { Cluster } from "../nodes/cluster.ts";
import { type FanOut, lastSeenOn } from "../nodes/fan-out.ts";
import type { NodeProbe } from "../nodes/probe.ts";
import { secretCommands } from "../secrets/delivery.ts";
import { type ResolvedTemplate, resolveTemplate } from "../templates/resolve.ts";
import { chooseDiskSize } from "./disk-size.ts";
import type { NewUserData } from "./edit.ts";
import { macOf } from "./mac.ts";
import { makeUpName } from "./name.ts";
import { checkNameIsFree } from "./taken-name.ts";

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
  /** Reviewed. Absent: ours, with the keys below. */
  readonly userData?: NewUserData;
  /** Public keys, one line each, that may log in. */
  readonly sshKeys: readonly string[];
  /** Absent: over HTTP where the template's cloud-init and the node can. */
  readonly seed?: SeedTransport;
  readonly restart?: RestartPolicy;
};

/** An instance before it has a node: all that does not hang on where it will run. */
export type Draft = Omit<InstanceSpec, "address" | "firmware" | "template" | "seed"> & {
  readonly template: ResolvedTemplate;
  /** Asked for; absent: whichever the template's cloud-init and the node can. */
  readonly transport?: SeedTransport;
  /** With a token, for the case that it is served over HTTP. */
  readonly seed: SeedHistory & { readonly token: string };
  /** Gives it, over HTTP, the secrets of its labels. */
  readonly secrets: readonly Command[];
};

/** What of an instance hangs on nothing but the request. */
export type Guest = Pick<Draft, "name" | "uuid" | "generation" | "user" | "hostKey" | "seed">;

/** Takes a while: made while the nodes are being asked. The name is made up when there is none. */
export function makeGuest(
  { operator, now }: Pick<Cluster, "operator" | "now">,
  request: CreateRequest,
  name = request.name ?? makeUpName(new Set(), Math.random),
): Guest {
  const uuid = crypto.randomUUID();
  const generation = 1;
  const facts = request.userData?.facts;
  const hostKey = facts?.hostKey === "its-own" ? undefined : makeHostKey(name);
  const userData = request.userData?.text ?? defaultUserData(request.sshKeys);
  const seed = {
    uuid,
    hostname: name,
    sshKeys: request.sshKeys,
    hostKey,
    token: makeToken(),
    current: { generation, userData, createdAt: now().toISOString(), createdBy: operator },
    earlier: [],
  };
  const user = facts?.loginUser ?? defaultUser;
  return { name, uuid, generation, user, hostKey: hostKey?.public, seed };
}

/**
 * Everything of a new instance that can be said before it has a node, its seed included. Throws `usage` without a template, `not-found` for
 * an unknown one, `exists` for a taken name.
 */
export function draftInstance(
  cluster: Cluster,
  request: CreateRequest,
  proposed: Guest,
  view: FanOut<NodeProbe>,
): Draft {
  const { defaults } = cluster.config;
  const templateName = request.template ?? defaults.template;
  if (templateName === undefined) {
    throw new WaifuError("usage", "create needs a template", {
      hint: "Name one with --template, or set `template` under [defaults] in cluster.toml; waifuctl template list shows them.",
    });
  }
  const template = resolveTemplate(cluster, templateName, view.answers);
  const name = chooseName(cluster, request.name, proposed.name, view);
  const guest = name === proposed.name ? proposed : makeGuest(cluster, request, name);
  return {
    ...guest,
    template,
    transport: request.seed,
    cpus: request.cpus ?? defaults.cpus,
    memoryBytes: request.memoryBytes ?? defaults.memoryBytes,
    diskBytes: chooseDiskSize(request.diskBytes, defaults.diskBytes, template),
    mac: macOf(guest.uuid),
    labels: request.labels,
    restart: request.restart,
    secrets: secretCommands(cluster, { uuid: guest.uuid, labels: request.labels }, guest.seed.token),
    createdAt: cluster.now().toISOString(),
  };
}

/** The wanted name if it is free everywhere, also on nodes that don't answer as far as is known; else the one proposed, or one that is free. */
function chooseName(
  cluster: Cluster,
  wanted: string | undefined,
  proposed: string,
  view: FanOut<NodeProbe>,
): string {
  const remembered = lastSeenOn(view.failures, cluster.state.instances.all());
  const taken = takenNames(view, remembered);
  const name = wanted ?? (taken.has(proposed) ? makeUpName(taken, Math.random) : proposed);
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
