import type { NodeConfig } from "../config/cluster-config.ts";
import type { Step } from "../nodes/plan.ts";
import type { Machine } from "./machine.ts";
import type { ServiceFile, ServiceUnit } from "./service-files.ts";

/** In the order in which they are mended. */
export const mendStages = ["binary", "programs", "account", "files", "libvirt", "network"] as const;

/** How `node setup` mends something: by a step of its own, by starting a unit anew, or both. */
export type Mend = {
  readonly stage?: (typeof mendStages)[number];
  readonly step?: Step;
  readonly restarts?: ServiceUnit;
};

/** One thing that running instances asks of a node. */
export type Need = {
  /** A few words that stay the same from run to run, for scripts. */
  readonly check: string;
  /** What is wrong; absent: all is well. */
  readonly problem?: string;
  /** Instances run all the same. */
  readonly isMinor?: boolean;
  /** Nothing can be mended before this is. */
  readonly isFirst?: boolean;
  /** What a person does about it, where `node setup` can't. */
  readonly hint?: string;
  readonly mend?: Mend;
};

/** A node as it is, and as it should be. */
export type Subject = {
  readonly node: NodeConfig;
  readonly machine: Machine;
  readonly bridge: string;
  readonly files: readonly ServiceFile[];
  /** The operator's own waifuctl; absent when it runs from source, which no node could run. */
  readonly binary?: OwnBinary;
  /** By how much the node's clock is ahead of ours. */
  readonly skewMs: number;
};

export type OwnBinary = {
  readonly path: string;
  readonly digest: string;
  /** As `uname -m` names it. */
  readonly architecture: string;
};
