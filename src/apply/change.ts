import type { Description } from "../config/description.ts";
import type { WaifuError } from "../errors.ts";
import type { Difference } from "./differences.ts";
import type { Actual } from "./sight.ts";

type Named = { readonly name: string; readonly what: readonly Difference[] };
type Existing = { readonly description: Description; readonly actual: Actual };

/** What is to become of one instance. */
export type Change = Named &
  (
    | { readonly action: "create"; readonly description: Description; readonly node: string }
    | ({ readonly action: "change" | "restart" } & Existing)
    /** `node` is where it will be. */
    | ({ readonly action: "replace"; readonly node: string } & Existing)
    | { readonly action: "delete"; readonly actual: Actual }
    | { readonly action: "none"; readonly actual: Actual }
    | { readonly action: "refuse"; readonly refusal: WaifuError; readonly actual?: Actual }
  );

/** What there is to carry out. */
export type Work = Exclude<Change, { action: "none" | "refuse" }>;

export function isWork(change: Change): change is Work {
  return change.action !== "none" && change.action !== "refuse";
}
