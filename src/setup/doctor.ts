import type { NodeConfig } from "../config/cluster-config.ts";
import { toWaifuError, type WaifuError } from "../errors.ts";
import type { Cluster } from "../nodes/cluster.ts";
import { onEveryNode } from "../nodes/fan-out.ts";
import { examine } from "./examine.ts";
import type { Need, OwnBinary } from "./need.ts";

export type Finding = {
  readonly check: string;
  readonly status: "ok" | "warning" | "failure";
  readonly problem?: string;
  /** One command or action that mends it. */
  readonly hint?: string;
};

export type Checkup = { readonly node: string; readonly findings: readonly Finding[] };

/** Examines nodes, all at once; one that does not answer is a finding too. Changes nothing. */
export async function checkNodes(
  cluster: Pick<Cluster, "connect" | "now">,
  nodes: readonly NodeConfig[],
  binary: OwnBinary | undefined,
  signal?: AbortSignal,
): Promise<Checkup[]> {
  const { answers, failures } = await onEveryNode(nodes, async (node): Promise<Checkup> => {
    const { needs } = await examine(cluster, node, binary, signal);
    return {
      node: node.name,
      findings: [{ check: "login", status: "ok" }, ...needs.map((need) => toFinding(need, node))],
    };
  });
  const unseen = failures.map(({ node, error }) => ({ node: node.name, findings: [unreached(error)] }));
  const all = [...answers, ...unseen];
  return nodes.flatMap(({ name }) => all.filter(({ node }) => node === name));
}

/** After `node setup`: to try that again would change nothing. */
export function toLeftover(need: Need, node: NodeConfig): Finding {
  const { mend, hint } = need;
  const look = mend?.restarts && `On ${node.name}: journalctl -u ${mend.restarts}`;
  return toFinding({ ...need, mend: undefined, hint: hint ?? look }, node);
}

export function toFinding({ check, problem, isMinor, mend, hint }: Need, node: NodeConfig): Finding {
  if (problem === undefined) return { check, status: "ok" };
  const advice = mend === undefined ? hint : `waifuctl node setup ${node.name}`;
  return { check, status: isMinor ? "warning" : "failure", problem, hint: advice };
}

/** A bug of ours, or Ctrl-C, is no finding. */
function unreached(thrown: WaifuError): Finding {
  const { code, message, hint } = toWaifuError(thrown);
  if (code === "bug" || code === "interrupted") throw thrown;
  return { check: "login", status: "failure", problem: message, hint };
}
