import type { RestartPolicy, SeedTransport } from "../instance-spec.ts";

/** The label of instances that a set of descriptions owns: those that it may prune. */
export const ownerLabel = "waifu.apply";

/** One instance as a description file wants it. What is absent is as `create` chooses it, and is left alone ever after. */
export type Description = {
  readonly name: string;
  /** For messages, as `file:line`. */
  readonly origin: string;
  /** Absent: whoever owns it goes on to. */
  readonly set?: string;
  /** NAME, NAME@VERSION or a digest. */
  readonly template?: string;
  readonly cpus?: number;
  readonly memoryBytes?: number;
  readonly diskBytes?: number;
  readonly userData?: { readonly text: string; readonly path: string };
  readonly sshKeyFile?: string;
  /** All that it is to have, but for the owner's. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly node?: string;
  readonly nodeLabels?: Readonly<Record<string, string>>;
  readonly seed?: SeedTransport;
  readonly restart?: RestartPolicy;
};

/** What the files given together describe. */
export type Descriptions = {
  readonly instances: readonly Description[];
  /** Every set that a file names, whether it has instances left or not. */
  readonly sets: readonly string[];
};
