import type { Diagnosis } from "../instances/diagnosis.ts";
import type { Evidence } from "../instances/evidence.ts";
import { renderFields } from "../terminal/fields.ts";
import type { Output } from "../terminal/terminal.ts";

/** What was found out about a guest, then what it most likely means. */
export function renderEvidence(
  evidence: Evidence,
  { cause, hint }: Diagnosis,
  output: Pick<Output, "hasColor">,
): string {
  const fields = renderFields(
    {
      Domain: evidence.domainState || "unknown to libvirt",
      "Reserved address": evidence.reserved ?? "none",
      "DHCP lease": evidence.lease ?? "none",
      "Neighbour table": evidence.arp ?? "not seen",
      "Guest agent": evidence.agentAnswers
        ? (evidence.agent ?? "answers, knows no address")
        : "does not answer",
      Disk: evidence.diskReads > 0 ? `${evidence.diskReads} reads` : "never read",
      Seed: evidence.seedReads > 0 ? "read" : "never read",
    },
    output,
  );
  const console = evidence.consoleTail.map((line) => `  | ${line}\n`).join("");
  return `${fields}${console && `Console:\n${console}`}\nLikely cause: ${cause}.\nNext: ${hint}\n`;
}
