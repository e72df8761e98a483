import { WaifuError } from "../errors.ts";
import { checkSchema } from "./cloud-config-schema.ts";
import { parseUserData, type UserDataFacts } from "./user-data.ts";

export type UserDataReview = {
  readonly facts: UserDataFacts;
  /** A line each, as `path:line:column: what`. */
  readonly warnings: readonly string[];
};

/** More than a person mends at once. */
const mostTold = 50;

/**
 * `parseUserData`, and of a cloud-config what cloud-init's own schema says. Throws `usage` with all mistakes; what the schema merely doesn't
 * know is a warning.
 */
export function reviewUserData(text: string, path: string): UserDataReview {
  const { facts, cloudConfig } = parseUserData(text, path);
  const findings = cloudConfig === undefined ? [] : checkSchema(cloudConfig);
  const lines = (isMistake: boolean) =>
    findings
      .filter((finding) => finding.isMistake === isMistake)
      .map(({ line, column, message }) => `${path}:${line}:${column}: ${message}`);
  const mistakes = lines(true);
  if (mistakes.length === 0) return { facts, warnings: lines(false) };
  const more = mistakes.length > mostTold ? [`and ${mistakes.length - mostTold} more`] : [];
  throw new WaifuError("usage", [...mistakes.slice(0, mostTold), ...more].join("\n"), {
    hint: "See https://cloudinit.readthedocs.io/en/latest/reference/modules.html for what each key takes.",
  });
}
