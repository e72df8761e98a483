import { specWith } from "../instances/edit.ts";
import type { Instance } from "../instances/locate.ts";
import { readSeed } from "../instances/seed.ts";
import { seedSource, writeSeed } from "../instances/seed-plan.ts";
import { defineDomain } from "../libvirt/define.ts";
import { isActive } from "../libvirt/domain-list.ts";
import { renderDomain } from "../libvirt/domain-xml.ts";
import { writeMetadata } from "../libvirt/metadata.ts";
import { checkUserData } from "../metadata/user-data.ts";
import type { Cluster } from "../nodes/cluster.ts";
import type { Plan, Step } from "../nodes/plan.ts";
import { secretCommands } from "../secrets/delivery.ts";
import { storageOf } from "../storage/storage-of.ts";
import type { Found, NodeRepair } from "./finding.ts";
import { planOf } from "./plan-of.ts";
import type { NodeView } from "./scene.ts";

/** The repair as it stands now: of a seed only the node knows what it is made of. Throws `refused` when that is gone. */
export async function planRepair(
  cluster: Cluster,
  view: NodeView,
  found: Found,
  repair: NodeRepair,
  signal?: AbortSignal,
): Promise<Plan> {
  const stages =
    repair.by === "steps" ? repair.stages : await stagesOfSeed(cluster, view, found, repair, signal);
  return planOf(found, view, stages);
}

/** What a guest took for once comes back only where all that it had is lost. */
async function stagesOfSeed(
  cluster: Cluster,
  { probe }: NodeView,
  { kind }: Found,
  { by, spec }: Exclude<NodeRepair, { readonly by: "steps" }>,
  signal?: AbortSignal,
): Promise<Step[][]> {
  const { node, domains, network } = probe;
  const uri = node.libvirtUri;
  const domain = domains.find(({ uuid }) => uuid === spec.uuid) ?? { ...spec, state: "stopped" };
  const instance: Instance = { ...domain, node, spec };
  const { history } = await readSeed(cluster, instance, signal);
  const next = specWith(spec, history, checkUserData(history.current.userData, "its kept user-data"));
  const { token } = history;
  const secrets = token === undefined || kind === "seed-older" ? [] : secretCommands(cluster, spec, token);
  const commands = [...writeSeed(spec, history), ...secrets];
  const seed = { title: `seed, generation ${next.generation}`, commands };
  if (by === "seed") {
    const note = writeMetadata(uri, next, isActive(instance.state));
    const isNoted = next.generation === spec.generation;
    return [[seed], isNoted ? [] : [{ title: `note generation ${next.generation}`, commands: [note] }]];
  }
  const xml = renderDomain(
    next,
    { ...probe.facts, network: node.network },
    storageOf(node.storage).diskSource(spec),
    seedSource(history),
  );
  const isReserved = network?.reservations.some(({ mac }) => mac === spec.mac);
  const lodging =
    network === undefined || spec.address === undefined || isReserved
      ? undefined
      : { network: network.name, reservation: { ...spec, address: spec.address } };
  const define = defineDomain(uri, spec.uuid, xml, lodging);
  return [
    [seed],
    [{ title: "define", commands: [{ ...define, secrets: token === undefined ? [] : [token] }] }],
  ];
}
