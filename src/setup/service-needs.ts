import { metadataAddress, metadataPort, redisSocket } from "../metadata/service-paths.ts";
import type { Machine } from "./machine.ts";
import type { Need, Subject } from "./need.ts";
import type { ServiceUnit } from "./service-files.ts";

/** What runs, and whether it does its work. */
export function serviceNeeds({ node, machine, bridge }: Subject): Need[] {
  const { hasAddress, hasTable, isBlocked, answers } = machine;
  const where = `${metadataAddress}:${metadataPort}`;
  const unit = (name: ServiceUnit) => {
    const { isActive = false, isEnabled = false } = machine.units.get(name) ?? {};
    if (!isActive) return `${name} is not running`;
    return isEnabled ? undefined : `${name} does not start with the node`;
  };
  return [
    {
      check: "metadata address",
      problem: hasAddress ? unit("waifu-md.service") : `no interface has the address ${metadataAddress}`,
      mend: { restarts: "waifu-md.service" },
    },
    {
      check: "firewall",
      problem: hasTable
        ? undefined
        : "the nftables table inet waifu is not loaded: others than guests can ask",
      mend: { restarts: "waifu-md.service" },
    },
    {
      check: "other firewall",
      problem: isBlocked ? "the node's own firewall lets no guest ask for its metadata" : undefined,
      hint: `On ${node.name}: ufw allow in on ${bridge} to ${metadataAddress} port ${metadataPort} proto tcp (or the like, where it is not ufw)`,
    },
    redisNeed(machine, unit("waifu-redis.service")),
    {
      check: "metadata service",
      problem: unit("waifu-metadata.service") ?? (answers ? undefined : `nobody answers at http://${where}/`),
      mend: { restarts: "waifu-metadata.service" },
    },
  ];
}

function redisNeed({ redis }: Machine, unitProblem: string | undefined): Need {
  const check = "redis";
  if (unitProblem === undefined && redis?.canWrite === false) {
    const hint = "See what it says (journalctl -u waifu-redis), and the room in /var/lib.";
    return { check, problem: "Redis can't write its append-only file", hint };
  }
  const state =
    redis === undefined
      ? `does not answer at ${redisSocket}`
      : redis.isAppending
        ? undefined
        : "does not write its append-only file";
  return {
    check,
    problem: unitProblem ?? (state && `Redis ${state}`),
    mend: { restarts: "waifu-redis.service" },
  };
}
