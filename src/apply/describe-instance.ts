import { type Description, ownerLabel } from "../config/description.ts";
import { shortDigest } from "../templates/versions.ts";
import type { Actual } from "./sight.ts";

/** Enough of a digest that nothing added later is likely to share it. */
const DIGITS = 16;

/**
 * An instance as a description would want it. Neither its node nor its owner is in it: where it runs is for placement to say, and who applies
 * it for whoever does.
 */
export function describeInstance({ spec, history }: Actual) {
  const { [ownerLabel]: _, ...labels } = spec.labels;
  const userData = history && { text: history.current.userData, path: `the user-data of ${spec.name}` };
  return {
    name: spec.name,
    origin: spec.name,
    template: `${spec.template.name}@${shortDigest(spec.template.digest, DIGITS)}`,
    cpus: spec.cpus,
    memoryBytes: spec.memoryBytes,
    diskBytes: spec.diskBytes,
    seed: spec.seed ?? "cidata",
    restart: spec.restart ?? "on-failure",
    labels,
    userData,
  } satisfies Description;
}
