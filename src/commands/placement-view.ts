import type { Placement } from "../placement/place.ts";
import { formatSize } from "../size.ts";

/** Why the node was chosen, a line a node, best first. */
export function renderPlacement({ chosen, verdicts }: Placement): string {
  const lines = verdicts.map(({ node, fits, reasons, freeMemoryBytes, hasTemplate }) => {
    if (!fits) return `  ${node}: no: ${reasons.join("; ")}`;
    const template = hasTemplate ? "has the template" : "would fetch the template";
    return `  ${node}: ${node === chosen ? "chosen" : "fits"}: ${formatSize(freeMemoryBytes)} memory free, ${template}`;
  });
  return ["Placement:", ...lines].join("\n");
}
