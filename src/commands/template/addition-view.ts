import { formatSize } from "../../size.ts";
import type { Addition, Outcome } from "../../templates/add.ts";
import type { PreparedTemplate } from "../../templates/prepare.ts";
import type { RepairedTemplate } from "../../templates/repair.ts";
import { shortDigest } from "../../templates/versions.ts";
import { versionWords } from "./version-view.ts";

/** What a name means now, or with a dry run would mean. */
export function renderAddition(
  { template, version, outcome, previous }: Addition,
  verb: "is" | "would be",
): string {
  const { name, digest, source = "known to the nodes only" } = template;
  const release = version?.release === undefined ? "" : `, ${version.release}`;
  const notes: Record<Outcome, string> = {
    new: "",
    newer:
      previous === undefined ? "" : `; before: ${versionWords(previous)}, which stays as an older version`,
    again: "; an older version until now, the newest again",
    amended: "; the same bytes as before",
    unchanged: "; nothing is new",
  };
  return `${name} ${verb} ${source} (${name}@${shortDigest(digest)}${release})${notes[outcome]}\n`;
}

/** How a node got it, or what was wrong with it there. */
export function renderPrepared(prepared: PreparedTemplate | RepairedTemplate): string {
  if ("from" in prepared) {
    const { node, from, imageBytes } = prepared;
    return `${node}: ready (${from}${imageBytes === undefined ? "" : `, ${formatSize(imageBytes)}`})\n`;
  }
  const { node, image, template } = prepared;
  return `${node}: image ${image}, template ${template}\n`;
}
