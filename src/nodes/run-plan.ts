import type { Command, CommandResult } from "../command.ts";
import { WaifuError } from "../errors.ts";
import type { Step as Report, Reporter } from "../reporter.ts";
import type { Runner } from "../ssh/runner.ts";
import type { StageResult } from "../ssh/stage-script.ts";
import type { Cluster } from "./cluster.ts";
import { type Plan, type Step, stepError } from "./plan.ts";

export type Watch = { readonly reporter: Reporter; readonly signal?: AbortSignal };

/** Makes it again as it was. Absent: the plan can be run again as it is. */
export type Undo = () => Promise<void>;

/**
 * Journals the plan, runs its stages in order, and stops at the first that fails. With `undo` a failure or an abort is put right
 * before the error is thrown; where that fails too the error is `half-changed` and the journal keeps the operation open.
 */
export async function runPlan(cluster: Cluster, plan: Plan, watch: Watch, undo?: Undo): Promise<void> {
  const { journal } = cluster.state;
  const id = crypto.randomUUID();
  const { verb, instance, uuid, digest, node, stages } = plan;
  const titles = stages.map((steps) => steps.map((step) => step.title).join(" + "));
  journal.begin({ id, verb, instance, uuid, digest, node: node.name, stages: titles });
  try {
    const runner = await cluster.connect(node);
    let begun = 0;
    for (const part of inScripts(stages)) {
      const onStage = () => journal.stage(id, ++begun);
      if (part.isScript) await runScript(runner, plan, part.stages, watch, onStage);
      else await runInHalves(runner, plan, part.stages, watch, onStage);
    }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (undo === undefined) {
      journal.end(id, "failed", message);
      throw error;
    }
    await putRight(plan, error, watch, undo);
    journal.end(id, "undone", message);
    throw error;
  }
  journal.end(id, "done");
}

async function putRight(plan: Plan, cause: unknown, watch: Watch, undo: Undo): Promise<void> {
  watch.reporter.note(`Undoing what was made on ${plan.node.name}.`);
  try {
    await undo();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const first = cause instanceof Error ? cause.message : String(cause);
    throw new WaifuError("half-changed", `${first}; and undoing it failed: ${why}`, {
      node: plan.node.name,
      instance: plan.instance,
      hint: `When ${plan.node.name} answers again: waifuctl delete ${plan.instance} --yes`,
      cause,
    });
  }
}

type Stages = Plan["stages"];
type Part = { readonly isScript: boolean; readonly stages: Stages[number][] };

/** As few round trips as can be: only a stage with a step in two halves can't be sent along with its neighbours. */
function inScripts(stages: Stages): Part[] {
  const parts: Part[] = [];
  for (const steps of stages) {
    const isScript = steps.every((step) => step.andThen === undefined);
    const last = parts.at(-1);
    if (isScript && last?.isScript) last.stages.push(steps);
    else parts.push({ isScript, stages: [steps] });
  }
  return parts;
}

async function runScript(
  runner: Runner,
  plan: Plan,
  stages: Stages,
  { reporter, signal }: Watch,
  onStage: () => void,
): Promise<void> {
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
    if (hasFailed) failures.push(stepError(plan, step, { exitCode, stderr, stdout: "" }));
    else if (command + 1 < step.commands.length) return;
    reports.delete(step);
    if (hasFailed) report.failed();
    else report.done();
    const isLast = stage + 1 === stages.length;
    if (reports.size === 0 && failures.length === 0 && !isLast) begin(stages[stage + 1]);
  };
  begin(stages[0]);
  try {
    const commands = stages.map((steps) => steps.map((step) => step.commands));
    await runner.runStages(commands, onResult, signal);
  } finally {
    for (const report of reports.values()) report.failed();
  }
  if (failures[0] !== undefined) throw failures[0];
}

async function runInHalves(
  runner: Runner,
  plan: Plan,
  stages: Stages,
  watch: Watch,
  onStage: () => void,
): Promise<void> {
  for (const steps of stages) {
    onStage();
    for (const step of steps) await runStep(runner, plan, step, watch);
  }
}

async function runStep(runner: Runner, plan: Plan, step: Step, { reporter, signal }: Watch): Promise<void> {
  const report = reporter.step(step.title);
  try {
    const results = await runAll(runner, plan, step, step.commands, signal);
    if (step.andThen !== undefined) {
      report.update(step.andThen.title);
      await runAll(runner, plan, step, step.andThen.commands(results), signal);
    }
  } catch (error) {
    report.failed();
    throw error;
  }
  report.done();
}

async function runAll(
  runner: Runner,
  plan: Plan,
  step: Step,
  commands: readonly Command[],
  signal: AbortSignal | undefined,
): Promise<CommandResult[]> {
  const results: CommandResult[] = [];
  for (const command of commands) {
    const result = await runner.run(command, signal);
    if (result.exitCode !== 0) throw stepError(plan, step, result);
    results.push(result);
  }
  return results;
}
