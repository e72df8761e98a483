import type { Finding } from "../../setup/doctor.ts";

export function isFailure({ status }: Finding): boolean {
  return status === "failure";
}

/** A line for each thing that is not well, and one for what to do about it and its like. */
export function renderFindings(findings: readonly Finding[]): string {
  const wrong = findings.filter(({ status }) => status !== "ok");
  const hints = [...new Set(wrong.map(({ hint }) => hint))];
  const lines = hints.flatMap((hint) => [
    ...wrong
      .filter((finding) => finding.hint === hint)
      .map(({ status, problem }) => `  ${status}: ${problem}`),
    ...(hint === undefined ? [] : [`    → ${hint}`]),
  ]);
  return lines.map((line) => `${line}\n`).join("");
}
