import { WaifuError } from "../errors.ts";
import type { FanOut } from "../nodes/fan-out.ts";
import type { NodeProbe } from "../nodes/probe.ts";
import type { Placement } from "../placement/place.ts";

/** Each node's reason; of the one that was asked for only its own, and what keeps it from answering as it is. */
export function noFit(
  name: string,
  { verdicts }: Placement,
  { failures }: FanOut<NodeProbe>,
  asked?: string,
): WaifuError {
  const judged = verdicts.filter(({ node }) => asked === undefined || node === asked);
  const failure = judged.length > 1 ? undefined : failures.find(({ node }) => node.name === judged[0]?.node);
  if (failure !== undefined) {
    const { code, message, hint } = failure.error;
    const details = { hint, node: failure.node.name, instance: name, cause: failure.error };
    return new WaifuError(code, `can't create ${name}: ${message}`, details);
  }
  const reasons = judged.map(({ node, reasons }) => `  ${node}: ${reasons.join("; ")}`);
  const message = asked === undefined ? `no node fits ${name}` : `node ${asked} does not fit ${name}`;
  return new WaifuError("no-fit", `${message}:\n${reasons.join("\n")}`, {
    hint: "Ask for less, free something, or add a node: waifuctl node list shows what is free.",
  });
}
