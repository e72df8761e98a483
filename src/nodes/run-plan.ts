import type { Command, CommandResult } from "../command.ts";
import { WaifuError } from "../errors.ts";
import type { Reporter } from "../reporter.ts";
import type { Runner } from "../ssh/runner.ts";
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
    for (const [index, steps] of stages.entries()) {
      journal.stage(id, index + 1);
      await allEnded(steps.map((step) => runStep(runner, plan, step, watch)));
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

/** Waits for all, whatever becomes of them: nothing may still be at work when the undoing begins. */
async function allEnded(works: readonly Promise<void>[]): Promise<void> {
  const outcomes = await Promise.allSettled(works);
  for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
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
