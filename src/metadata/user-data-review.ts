import { WaifuError } from "../errors.ts";
import { checkSchema } from "./cloud-config-schema.ts";
import { checkUserData, type UserDataFacts } from "./user-data.ts";

export type UserDataReview = {
  readonly facts: UserDataFacts;
  /** A line each, as `path:line:column: what`. */
  readonly warnings: readonly string[];
};

/**
 * `checkUserData`, and of a cloud-config what cloud-init's own schema says. Throws `usage` with all mistakes; what the schema merely doesn't
 * know is a warning.
 */
export function reviewUserData(text: string, path: string): UserDataReview {
  const facts = checkUserData(text, path);
  const findings = /^\s*#cloud-config\s/i.test(text) ? checkSchema(text) : [];
  const lines = (isMistake: boolean) =>
    findings
      .filter((finding) => finding.isMistake === isMistake)
      .map(({ line, column, message }) => `${path}:${line}:${column}: ${message}`);
  const mistakes = lines(true);
  if (mistakes.length === 0) return { facts, warnings: lines(false) };
  throw new WaifuError("usage", mistakes.join("\n"), {
    hint: "See https://cloudinit.readthedocs.io/en/latest/reference/modules.html for what each key takes.",
  });
}
