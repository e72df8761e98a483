import type { Command, CommandResult } from "../command.ts";
import type { NodeConfig } from "../config/cluster-config.ts";
import { WaifuError } from "../errors.ts";
import { lastComplaint } from "../libvirt/virsh.ts";

/** A part of a change that a person would name, of one command or more. Run again, it leaves the node as one run does, or fails and says so. */
export type Step = {
  readonly title: string;
  readonly commands: readonly Command[];
};

/** A change on one node, decided before anything is touched: shown by --dry-run, run as it stands. */
export type Plan = {
  readonly verb: string;
  /** Of an instance or a template: the name, and what never changes of it, uuid or digest. */
  readonly instance: string;
  readonly uuid: string;
  readonly node: NodeConfig;
  /** Somebody has confirmed that something is to go, which can't be undone: once it has begun it stays open until all of it is gone. */
  readonly isFinal?: true;
  /** One stage after another; the steps of a stage don't need each other, and run at once. */
  readonly stages: readonly (readonly Step[])[];
};

/** Turns a failed command into the error of its step. */
export function stepError(
  { node, instance }: Pick<Plan, "node" | "instance">,
  title: string,
  result: Pick<CommandResult, "exitCode" | "stderr">,
): WaifuError {
  const said = lastComplaint(result.stderr) || `exit status ${result.exitCode}`;
  return new WaifuError("remote-failed", `${title} failed on node ${node.name}: ${said}`, {
    node: node.name,
    instance,
    hint: "See what was run with --verbose.",
  });
}
