import { type Command, repeatable } from "../command.ts";
import type { NodeConfig } from "../config/cluster-config.ts";
import type { Plan, Step } from "../nodes/plan.ts";
import { type Mend, mendStages, type Need } from "./need.ts";
import { type ServiceUnit, serviceUnits } from "./service-files.ts";

const VERB = "node setup";

/** What mends all that can be mended, in order; no stages when nothing has to be. */
export function planSetup(node: NodeConfig, needs: readonly Need[]): Plan {
  const mends = needs.flatMap(({ problem, mend }) => (problem === undefined ? [] : (mend ?? [])));
  const stages = mendStages.map((stage) =>
    mends.flatMap((mend) => (mend.stage === stage && mend.step ? [mend.step] : [])),
  );
  return nodePlan(node, [...stages, ...restarts(mends)]);
}

/** A change of the node itself: its name stands where an instance's would. */
export function nodePlan(node: NodeConfig, stages: readonly (readonly Step[])[]): Plan {
  const filled = stages.filter((steps) => steps.length > 0);
  return { verb: VERB, instance: node.name, uuid: node.name, node, stages: filled };
}

export function restartUnit(unit: ServiceUnit): Step {
  return { title: `start ${unit}`, commands: [restart(unit)] };
}

function restarts(mends: readonly Mend[]): Step[][] {
  const units = new Set(mends.flatMap(({ restarts }) => restarts ?? []));
  if (units.size === 0) return [];
  // It requires the other, and would be restarted behind our back.
  if (units.has("waifu-md.service")) units.add("waifu-metadata.service");
  const enable: Step = {
    title: "enable our units",
    commands: [
      repeatable(["systemctl", "daemon-reload"]),
      repeatable(["systemctl", "enable", ...serviceUnits]),
    ],
  };
  const [last] = serviceUnits.slice(-1);
  const wanted = serviceUnits.filter((unit) => units.has(unit));
  return [
    [enable],
    wanted.filter((unit) => unit !== last).map(restartUnit),
    wanted.filter((unit) => unit === last).map(restartUnit),
  ];
}

/** What the program said is worth more than what systemd says of it. */
const restartScript = `
systemctl reset-failed "$1" 2>/dev/null
systemctl restart "$1" || { journalctl -q -n 1 -o cat "_SYSTEMD_UNIT=$1" >&2; exit 1; }`;

function restart(unit: ServiceUnit): Command {
  return repeatable(["sh", "-c", restartScript, "sh", unit]);
}
