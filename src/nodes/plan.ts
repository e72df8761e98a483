import type { Command, CommandResult } from "../command.ts";
import type { NodeConfig } from "../config/cluster-config.ts";
import { WaifuError } from "../errors.ts";
import { lastComplaint } from "../libvirt/virsh.ts";

/** A part of a change that a person would name, of one command or more. Run again, it leaves the node as one run does, or fails and says so. */
export type Step = {
  readonly title: string;
  readonly commands: readonly Command[];
  /** What follows when it hangs on what the commands printed: an image's size, say. */
  readonly andThen?: {
    readonly title: string;
    readonly commands: (results: readonly CommandResult[]) => readonly Command[];
  };
  /** A better error for an exit status that means something. */
  readonly explain?: (result: CommandResult) => WaifuError | undefined;
};

/** A change on one node, decided before anything is touched: shown by --dry-run, run as it stands. */
export type Plan = {
  readonly verb: string;
  readonly instance: string;
  readonly uuid: string;
  /** Of the template that it brings to the node. */
  readonly digest?: string;
  readonly node: NodeConfig;
  /** One stage after another; the steps of a stage don't need each other, and run at once. */
  readonly stages: readonly (readonly Step[])[];
};

/** Turns a failed command into the error of its step. */
export function stepError(plan: Plan, step: Step, result: CommandResult): WaifuError {
  const said = lastComplaint(result.stderr) || `exit status ${result.exitCode}`;
  const details = { node: plan.node.name, instance: plan.instance };
  return (
    step.explain?.(result) ??
    new WaifuError("remote-failed", `${step.title} failed on node ${plan.node.name}: ${said}`, {
      ...details,
      hint: "See what was run with --verbose.",
    })
  );
}
