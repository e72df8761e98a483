import type { InstanceSpec } from "../instance-spec.ts";
import type { Step } from "../nodes/plan.ts";
import type { Recovery } from "../recovery/decide.ts";
import type { TemplateVersion } from "../state/templates.ts";

/** In the order in which they are mended: what was cut off first, what makes guests run last, then what is in nobody's way. */
export const findingKinds = [
  "operation-interrupted",
  "operation-elsewhere",
  "node-unreachable",
  "node-gone",
  "name-twice",
  "uuid-twice",
  "redis-down",
  "service-down",
  "service-version",
  "metadata-damaged",
  "domain-renamed",
  "domain-missing",
  "domain-changed",
  "disk-missing",
  "seed-missing",
  "seed-older",
  "seed-damaged",
  "seed-ahead",
  "address-twice",
  "address-changed",
  "address-missing",
  "address-taken",
  "address-orphan",
  "autostart",
  "power-off",
  "power-on",
  "paused",
  "orphan",
  "log-orphan",
  "temporary",
  "template-unfinished",
  "template-unknown",
  "moved",
  "adopted",
  "forgotten",
  "secret-orphan",
] as const;
export type FindingKind = (typeof findingKinds)[number];

/** `safe` is mended at once, `force` when it is asked for, `person` never: somebody has to decide. */
export type Risk = "safe" | "force" | "person";

/** One thing that is not as it was wanted. */
export type Finding = {
  readonly kind: FindingKind;
  readonly node: string;
  readonly instance?: string;
  readonly message: string;
  /** Why it is of this risk. */
  readonly reason: string;
  readonly risk: Risk;
  /** What a person does about it. */
  readonly hint?: string;
};

/** How a finding is mended. */
export type Repair =
  /** On the node, under its lock. `isRestart` counts for the back-off. */
  | { readonly by: "steps"; readonly stages: readonly (readonly Step[])[]; readonly isRestart?: boolean }
  /** By the seed's history, which has to be read first. */
  | { readonly by: "seed" | "definition"; readonly spec: InstanceSpec }
  /** Under the lock of its image. */
  | { readonly by: "discard"; readonly digest: string }
  | { readonly by: "recovery"; readonly recovery: Recovery }
  /** Only what is remembered here changes. */
  | { readonly by: "memory"; readonly what: Memory };

export type Memory =
  /** Each look at a node is remembered whole. */
  | { readonly kind: "instances" }
  | { readonly kind: "forget"; readonly uuid: string }
  | { readonly kind: "template"; readonly version: TemplateVersion }
  | { readonly kind: "secrets"; readonly scope: string };

/** Made on the node, under its lock. */
export type NodeRepair = Extract<Repair, { readonly by: "steps" | "seed" | "definition" }>;

export function isNodeRepair(repair: Repair | undefined): repair is NodeRepair {
  return repair?.by === "steps" || repair?.by === "seed" || repair?.by === "definition";
}

/** A finding with what never changes of its instance, and its repair if there is one now. */
export type Found = Finding & { readonly uuid?: string; readonly repair?: Repair };

/** The same thing, however often it is looked at. */
export function identify({ kind, node, uuid, message }: Found): string {
  return [kind, node, uuid ?? message].join(" ");
}
