import { WaifuError } from "../errors.ts";
import type { Step as Report, Reporter } from "../reporter.ts";
import type { StageResult } from "../ssh/stage-script.ts";
import type { Cluster } from "./cluster.ts";
import { type Plan, type Step, stepError } from "./plan.ts";

export type Watch = { readonly reporter: Reporter; readonly signal?: AbortSignal };

/** The same watch, which ends earlier if `end` does. */
export function until(end: AbortSignal, { reporter, signal }: Watch): Watch {
  return { reporter, signal: signal === undefined ? end : AbortSignal.any([end, signal]) };
}

/** Makes it again as it was. Absent: the plan can be run again as it is. */
export type Undo = () => Promise<void>;

/**
 * Journals the plan, runs its stages in order, and stops at the first that fails. With `undo` a failure or an abort is put right
 * before the error is thrown; where that fails too the error is `half-changed` and the journal keeps the operation open.
 */
export async function runPlan(cluster: Cluster, plan: Plan, watch: Watch, undo?: Undo): Promise<void> {
  await journalled(cluster, plan, watch, (onStage) => runStages(cluster, plan, watch, onStage), undo);
}

/** Like `runPlan`, for a plan that can't be told whole beforehand: the work itself says when each stage begins. */
export async function journalled<T>(
  cluster: Cluster,
  plan: Plan,
  watch: Watch,
  work: (onStage: () => void) => Promise<T>,
  undo?: Undo,
): Promise<T> {
  const { journal } = cluster.state;
  const id = crypto.randomUUID();
  const { verb, instance, uuid, node } = plan;
  const stages = plan.stages.map((steps) => steps.map((step) => step.title).join(" + "));
  journal.begin({ id, verb, instance, uuid, node: node.name, stages });
  let begun = 0;
  let result: T;
  try {
    result = await work(() => journal.stage(id, ++begun));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (undo === undefined) {
      // By an open row reconcile finishes or undoes it: what nobody knows how far it came, which why the watch ended may also tell (the lock was
      // lost, and the link with it), and what was confirmed and has begun.
      const isUnknown = [error, watch.signal?.reason].some((one) => isOf(one, "outcome-unknown"));
      const isToBeFinished = plan.isFinal && begun > 0 && isOf(error, "remote-failed");
      if (!isUnknown && !isToBeFinished) journal.end(id, "failed", message);
      throw error;
    }
    await putRight(plan, error, watch, undo);
    journal.end(id, "undone", message);
    throw error;
  }
  journal.end(id, "done");
  return result;
}

function isOf(error: unknown, code: WaifuError["code"]): boolean {
  return error instanceof WaifuError && error.code === code;
}

async function putRight(plan: Plan, cause: unknown, watch: Watch, undo: Undo): Promise<void> {
  const { node, instance } = plan;
  watch.reporter.note(`Undoing what was made on ${node.name}.`);
  try {
    await undo();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const first = cause instanceof Error ? cause.message : String(cause);
    throw new WaifuError("half-changed", `${first}; and undoing it failed: ${why}`, {
      node: node.name,
      instance,
      hint: `When ${node.name} answers again: waifuctl reconcile`,
      cause,
    });
  }
}

/** All in a single round trip. */
async function runStages(
  cluster: Cluster,
  plan: Plan,
  { reporter, signal }: Watch,
  onStage: () => void,
): Promise<void> {
  const { stages } = plan;
  if (stages.length === 0) return;
  const failures: WaifuError[] = [];
  let reports = new Map<Step, Report>();
  const begin = (steps: readonly Step[] = []): void => {
    onStage();
    reports = new Map(steps.map((step) => [step, reporter.step(step.title)]));
  };
  const onResult = ({ stage, step: index, command, exitCode, stderr }: StageResult): void => {
    const step = stages[stage]?.[index];
    const report = step && reports.get(step);
    if (step === undefined || report === undefined) return;
    const hasFailed = exitCode !== 0;
    if (hasFailed) failures.push(stepError(plan, step.title, { exitCode, stderr }));
    else if (command + 1 < step.commands.length) return;
    reports.delete(step);
    if (hasFailed) report.failed();
    else report.done();
    const isLast = stage + 1 === stages.length;
    if (reports.size === 0 && failures.length === 0 && !isLast) begin(stages[stage + 1]);
  };
  const runner = await cluster.connect(plan.node);
  begin(stages[0]);
  try {
    const commands = stages.map((steps) => steps.map((step) => step.commands));
    await runner.runStages(commands, onResult, signal);
  } finally {
    for (const report of reports.values()) report.failed();
  }
  if (failures[0] !== undefined) throw failures[0];
}
