import { secretsFor } from "../secrets/scope.ts";
import type { Found } from "./finding.ts";
import type { OwnDomain, Scene } from "./scene.ts";

/** Seeds that a guest would not find, or find in an older generation than was stored last. */
export function seedFindings(scene: Scene): Found[] {
  return scene.ours.flatMap((domain) => seedFinding(scene, domain));
}

/** The newest generation that anything knows is the wanted one; the history is what a seed is made of. */
function seedFinding({ node, traces, memories }: Scene, { spec }: OwnDomain): Found[] {
  const { uuid, name, generation } = spec;
  const served = spec.seed === "http" ? servedGeneration(traces.redis, uuid) : traces.seedDisks.get(uuid);
  const where = spec.seed === "http" ? "Redis" : "its disk";
  const isMissing = spec.seed === "http" ? served === undefined : !traces.seedDisks.has(uuid);
  const found = { node: node.name, instance: name, uuid } as const;
  if (served === "unknown") return [];
  const kept = traces.histories.get(uuid);
  if (kept === undefined) {
    const what = traces.histories.has(uuid) ? "is damaged" : "is gone";
    return [
      {
        ...found,
        kind: "seed-damaged",
        risk: "person",
        message: `what ${node.name} keeps of the seed of ${name} ${what}${isMissing ? ", and so is the seed" : ""}`,
        reason: isMissing ? "nothing is left to make it of" : "the guest is served, but can't be edited",
        hint: isMissing
          ? `If it was only being made: waifuctl delete ${name}; else restore /var/lib/waifu/seeds/${uuid}.json from a backup.`
          : `Restore /var/lib/waifu/seeds/${uuid}.json from a backup, or make ${name} anew.`,
      },
    ];
  }
  const newest = Math.max(generation, served ?? 0);
  if (kept < newest) {
    return [
      {
        ...found,
        kind: "seed-ahead",
        risk: "person",
        message: `${name} on ${node.name} has generation ${newest} of its seed, and only ${kept} is kept`,
        reason: "what came after it can't be made again",
        hint: `Store it anew: waifuctl edit ${name} --file FILE`,
      },
    ];
  }
  const repair = { by: "seed", spec } as const;
  if (isMissing) {
    const message = `the seed of ${name} on ${node.name} is not in ${where}`;
    return [{ ...found, kind: "seed-missing", risk: "safe", message, reason: "its history is kept", repair }];
  }
  const hasSecrets = secretsFor(memories.secrets, spec).length > 0;
  if (hasSecrets && typeof traces.redis === "object" && traces.redis.restored.has(uuid)) {
    const message = `the secrets of ${name} on ${node.name} are not in Redis, which was emptied`;
    return [{ ...found, kind: "seed-missing", risk: "safe", message, reason: "they are kept here", repair }];
  }
  if (served === kept && generation === kept) return [];
  const message =
    served === kept
      ? `${name} on ${node.name} does not say that its seed is of generation ${kept}`
      : `the seed of ${name} on ${node.name} is ${served === undefined ? "damaged" : `of generation ${served}`} in ${where}, and ${kept} is the newest`;
  return [{ ...found, kind: "seed-older", risk: "safe", message, reason: "its history is kept", repair }];
}

function servedGeneration(redis: Scene["traces"]["redis"], uuid: string): number | undefined | "unknown" {
  if (redis === undefined || redis === "down") return "unknown";
  const value = redis.seeds.get(uuid);
  return typeof value === "number" ? value : undefined;
}
