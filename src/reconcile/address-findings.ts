import { macOf } from "../instances/mac.ts";
import { type Reservation, releaseAddress, renewReservation, reserveAddress } from "../libvirt/network.ts";
import { START_MS } from "../libvirt/virsh.ts";
import type { Step } from "../nodes/plan.ts";
import type { Found } from "./finding.ts";
import type { OwnDomain, Scene } from "./scene.ts";

/** Reservations that are missing, that are somebody else's, or that nobody needs any more. */
export function addressFindings(scene: Scene): Found[] {
  if (scene.probe.network === undefined) return [];
  return [...scene.ours.flatMap((domain) => addressFinding(scene, domain)), ...orphans(scene)];
}

function addressFinding(scene: Scene, { spec }: OwnDomain): Found[] {
  const { node, probe, macs } = scene;
  const { uuid, name, mac, address } = spec;
  if (address === undefined) return [];
  const reservations = probe.network?.reservations ?? [];
  const mine = reservations.filter((entry) => entry.mac === mac);
  const wrong = mine.filter((entry) => entry.address !== address);
  const rivals = reservations.filter((entry) => entry.address === address && entry.mac !== mac);
  const found = { node: node.name, instance: name, uuid } as const;
  const isMine = (entry: Reservation) => entry.mac === mac && entry.address === address;
  const isDefined = probe.network?.defined.some(isMine) === true;
  const isPromised = probe.network?.promised?.some(isMine) !== false;
  // A release may make dnsmasq forget more than that.
  const stages = (released: readonly Reservation[]) => [
    released.map((entry) => release(scene, entry)),
    [reserve(scene, { mac, address, name }, isDefined)],
  ];
  if (rivals.length > 0) {
    const owner = scene.ours.find((other) => rivals.some((entry) => entry.mac === other.spec.mac));
    const message = `${address} of ${name} on ${node.name} is reserved for ${owner?.spec.name ?? rivals[0]?.mac}`;
    if (rivals.some((entry) => macs.has(entry.mac))) {
      const hint = `Release one of them on ${node.name}: virsh net-edit ${probe.network?.name}`;
      const reason = "both may be in use";
      return [{ ...found, kind: "address-taken", risk: "person", message, reason, hint }];
    }
    return [
      {
        ...found,
        kind: "address-taken",
        risk: "force",
        message,
        reason: `no domain on ${node.name} has that MAC, but somebody may yet make one`,
        hint: "--force gives it back.",
        repair: { by: "steps", stages: stages([...rivals, ...wrong]) },
      },
    ];
  }
  const isReserved = mine.length > wrong.length;
  if (isDefined && isPromised && wrong.length === 0) return [];
  const others = wrong.map((entry) => entry.address).join(", ");
  const kind = wrong.length === 0 ? "address-missing" : isReserved ? "address-twice" : "address-changed";
  const words = {
    "address-twice": `${name} on ${node.name} has ${address} and is promised ${others} too`,
    "address-changed": `${name} on ${node.name} is promised ${others} instead of ${address}`,
    "address-missing": isDefined
      ? `dnsmasq on ${node.name} has forgotten ${address} of ${name}`
      : isReserved
        ? `${address} of ${name} on ${node.name} is kept until its network starts anew, and no longer`
        : `${address} of ${name} on ${node.name} is reserved for nobody`,
  };
  const repair = { by: "steps", stages: stages(wrong) } as const;
  return [
    { ...found, kind, risk: "safe", message: words[kind], reason: "it was given when it was made", repair },
  ];
}

/** Of instances that are known to have been ours and are gone; any other reservation may be somebody's. */
function orphans(scene: Scene): Found[] {
  const { node, probe, traces, memories, living, macs } = scene;
  const redis = typeof traces.redis === "object" ? traces.redis : undefined;
  const known = [
    ...traces.histories.keys(),
    ...traces.seedDisks.keys(),
    ...(redis?.seeds.keys() ?? []),
    ...memories.instances.filter((seen) => seen.node === node.name).map(({ spec }) => spec.uuid),
  ];
  const gone = new Set(known.filter((uuid) => !living.has(uuid)).map(macOf));
  const stale = probe.network?.reservations.filter(({ mac }) => gone.has(mac) && !macs.has(mac)) ?? [];
  return stale.map((entry) => ({
    kind: "address-orphan",
    node: node.name,
    uuid: entry.mac,
    risk: "safe",
    message: `${entry.address} on ${node.name} is kept for an instance that is gone (${entry.name ?? entry.mac})`,
    reason: "nothing else of it is there",
    repair: { by: "steps", stages: [[release(scene, entry)]] },
  }));
}

function release({ node, probe }: Scene, entry: Reservation): Step {
  const commands = [releaseAddress(node.libvirtUri, probe.network?.name ?? "", entry)];
  return { title: `release ${entry.address}`, commands };
}

function reserve({ node, probe }: Scene, entry: Reservation, isDefined: boolean): Step {
  const [uri, network] = [node.libvirtUri, probe.network?.name ?? ""];
  const more = { virshCommands: "echo", stdin: "", timeoutMs: START_MS };
  const command = isDefined
    ? renewReservation(uri, network, entry)
    : reserveAddress(uri, network, entry, more);
  return { title: `reserve ${entry.address}`, commands: [command] };
}
