import type { NodeConfig } from "../config/cluster-config.ts";
import { WaifuError } from "../errors.ts";
import type { Cluster } from "../nodes/cluster.ts";
import { withNodeLock } from "../nodes/lock.ts";
import { type Plan, type Step, stepError } from "../nodes/plan.ts";
import { journalled, runPlan, type Watch } from "../nodes/run-plan.ts";
import { reported } from "../reporter.ts";
import { exchangeBinaries } from "./binary.ts";
import { familyOf } from "./distribution.ts";
import { examine } from "./examine.ts";
import type { Need, OwnBinary } from "./need.ts";
import { nodePlan, planSetup, restartUnit } from "./plan-setup.ts";
import { renderNixosModule } from "./service-files.ts";

export type Setup = {
  readonly plan: Plan;
  /** What is still wrong: of a setup that was carried out, afterwards. */
  readonly left: readonly Need[];
  /** A node that is described by its configuration.nix: what to add there. Nothing is changed by us. */
  readonly nixosModule?: string;
};

/** Finds what a node lacks. Changes nothing. Throws `refused` where nothing could be mended: no root, no systemd. */
export async function decideSetup(
  cluster: Cluster,
  node: NodeConfig,
  binary: OwnBinary | undefined,
  signal?: AbortSignal,
): Promise<Setup> {
  const { subject, needs } = await examine(cluster, node, binary, signal);
  const left = needs.filter(({ problem }) => problem !== undefined);
  const obstacle = left.find(({ isFirst }) => isFirst);
  if (obstacle !== undefined) {
    throw new WaifuError("refused", `node ${node.name} can't be set up: ${obstacle.problem}`, {
      node: node.name,
      hint: obstacle.hint,
    });
  }
  const plan = planSetup(node, needs);
  if (plan.stages.length === 0 || familyOf(subject.machine.distribution.ids) !== "nixos")
    return { plan, left };
  return { plan: nodePlan(node, []), left, nixosModule: renderNixosModule(subject.bridge) };
}

/** Makes a node ready for instances, under its lock; may be repeated, and changes nothing where all is well. */
export async function setUpNode(
  cluster: Cluster,
  node: NodeConfig,
  binary: OwnBinary | undefined,
  watch: Watch,
): Promise<Setup> {
  // Without the lock first: what is in order already need not wait for anybody, but what was cut off needs its end.
  const seen = await decideSetup(cluster, node, binary, watch.signal);
  const isOpen = cluster.state.journal.open().some(({ uuid }) => uuid === node.name);
  if (seen.plan.stages.length === 0 && !isOpen) return seen;
  return await withNodeLock(cluster, node, watch, async (watch) => {
    const setup = await decideSetup(cluster, node, binary, watch.signal);
    await carryOut(cluster, setup.plan, watch);
    cluster.state.journal.settle(node.name, "done", node.name);
    const { needs } = await examine(cluster, node, binary, watch.signal);
    return { ...setup, left: needs.filter(({ problem }) => problem !== undefined) };
  });
}

/** The earlier waifuctl in place of the present one; done twice it is as before. Throws `remote-failed` when there is none. */
export async function rollBackNode(cluster: Cluster, node: NodeConfig, watch: Watch): Promise<Plan> {
  const plan = planRollback(node);
  await withNodeLock(cluster, node, watch, (watch) => runPlan(cluster, plan, watch));
  return plan;
}

export function planRollback(node: NodeConfig): Plan {
  const exchange = { title: "the earlier waifuctl", commands: [exchangeBinaries()] };
  return nodePlan(node, [[exchange], [restartUnit("waifu-metadata.service")]]);
}

/** The plan's script can't carry what is read from a file here: those steps go before it. */
async function carryOut(cluster: Cluster, plan: Plan, watch: Watch): Promise<void> {
  const isUpload = (steps: readonly Step[]) => steps.some(({ commands }) => commands.some(readsFile));
  const uploads = plan.stages.filter(isUpload);
  if (uploads.length > 0) {
    const runner = await cluster.connect(plan.node);
    await journalled(cluster, { ...plan, stages: uploads }, watch, async (onStage) => {
      onStage();
      for (const { title, commands } of uploads.flat()) {
        await reported(watch.reporter, title, async () => {
          for (const command of commands) {
            const result = await runner.run(command, watch.signal);
            if (result.exitCode !== 0) throw stepError(plan, title, result);
          }
        });
      }
    });
  }
  const rest = plan.stages.filter((steps) => !isUpload(steps));
  if (rest.length > 0) await runPlan(cluster, { ...plan, stages: rest }, watch);
}

function readsFile({ stdin }: Step["commands"][number]): boolean {
  return typeof stdin === "object" && "path" in stdin;
}
