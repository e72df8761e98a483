import { planPower } from "../instances/power.ts";
import type { Domain } from "../libvirt/domain-list.ts";
import type { RestartCount } from "../state/restarts.ts";
import type { Found } from "./finding.ts";
import { isOn, type OwnDomain, type Scene } from "./scene.ts";

/** Starts that are tried; the wait after each is twice the one before it. */
export const mostRestarts = 5;
const firstPauseMs = 60_000;
/** Who has run for so long runs well. */
export const steadyMs = 10 * 60_000;

/** Guests that should run and are off, and the other way round. */
export function powerFindings(scene: Scene): Found[] {
  return scene.ours.flatMap((domain) => {
    if (domain.state === "paused") return [paused(scene, domain)];
    const isWantedOff = domain.spec.power === "off";
    if (isOn(domain)) return isWantedOff ? [onThoughOff(scene, domain)] : [];
    const isWhole = hasDisk(scene, domain) && hasSeed(scene, domain);
    return !isWantedOff && isWhole && mustRestart(domain) ? [offThoughOn(scene, domain)] : [];
  });
}

function hasDisk({ probe }: Scene, { spec }: OwnDomain): boolean {
  return probe.storage.disks.some(({ uuid }) => uuid === spec.uuid);
}

/** On its disk, or what that is made of. */
function hasSeed({ traces }: Scene, { spec: { uuid, seed } }: OwnDomain): boolean {
  return seed === "http" || traces.seedDisks.has(uuid) || traces.histories.get(uuid) !== undefined;
}

/**
 * Whether this stop is one that its policy answers. After its node was started, or libvirt, nobody knows any more why a guest is off; as it
 * should have come up with its node, that counts as a failure.
 */
export function mustRestart({ spec: { restart = "on-failure" }, offReason }: OwnDomain): boolean {
  if (restart !== "on-failure") return restart === "always";
  return offReason !== "shutdown" && offReason !== "saved" && offReason !== "migrated";
}

/** When the next start is due; undefined when enough were tried. */
export function nextStart(tried: RestartCount | undefined): Date | undefined {
  if (tried === undefined) return new Date(0);
  if (tried.count >= mostRestarts) return undefined;
  return new Date(Date.parse(tried.lastAt) + firstPauseMs * 2 ** (tried.count - 1));
}

function offThoughOn(scene: Scene, { spec, ...domain }: OwnDomain): Found {
  const { node, memories, now } = scene;
  const tried = memories.restarts.get(spec.uuid);
  const due = nextStart(tried);
  const found = {
    kind: "power-off",
    node: node.name,
    instance: spec.name,
    uuid: spec.uuid,
    message: `${spec.name} on ${node.name} should run and is off${wordsFor(domain)}`,
  } as const;
  if (due === undefined) {
    return {
      ...found,
      risk: "person",
      reason: `it was started ${tried?.count} times and did not stay on`,
      hint: `See why: waifuctl console ${spec.name}; then waifuctl start ${spec.name}, or stop it for good: waifuctl stop ${spec.name}`,
    };
  }
  const reason = `its restart policy is ${spec.restart ?? "on-failure"}`;
  if (due > now) {
    const next = `the next start is due at ${due.toISOString()}`;
    return { ...found, risk: "safe", reason: `${reason}; tried ${tried?.count} times, ${next}` };
  }
  const { stages } = planPower("start", { ...domain, node, spec }, { isForced: false });
  return { ...found, risk: "safe", reason, repair: { by: "steps", stages, isRestart: true } };
}

function wordsFor({ offReason, state }: Domain): string {
  if (state === "crashed" || offReason === "crashed") return ": it crashed";
  if (offReason === "failed") return ": it failed to start";
  if (offReason === "destroyed") return ": its plug was pulled";
  return offReason === "shutdown" ? ": it shut itself down" : "";
}

function onThoughOff({ node }: Scene, { spec: { name, uuid } }: OwnDomain): Found {
  return {
    kind: "power-on",
    node: node.name,
    instance: name,
    uuid,
    risk: "person",
    message: `${name} on ${node.name} should be off and runs`,
    reason: "somebody may be using it",
    hint: `waifuctl stop ${name}, or, if it is to run from now on: waifuctl start ${name}`,
  };
}

function paused({ node }: Scene, { spec: { name, uuid } }: OwnDomain): Found {
  return {
    kind: "paused",
    node: node.name,
    instance: name,
    uuid,
    risk: "person",
    message: `${name} on ${node.name} is paused`,
    reason: "somebody may have paused it, or its disk is full",
    hint: `On ${node.name}: virsh resume ${uuid}`,
  };
}
