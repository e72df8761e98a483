import type { NodeConfig } from "../config/cluster-config.ts";
import { WaifuError } from "../errors.ts";
import type { NodeProbe } from "../nodes/probe.ts";

/** Throws `exists` when the name is taken anywhere in the cluster, by ours, by a foreign domain, or by a disk that was left behind. */
export function checkNameIsFree(name: string, probes: readonly NodeProbe[]): void {
  for (const { node, domains, storage } of probes) {
    const taker = domains.find((domain) => domain.name === name || domain.spec?.name === name);
    const mend = `Choose another name, or remove that one: waifuctl delete ${name}`;
    if (taker !== undefined)
      refuse(name, node, "the name is taken", taker.spec === undefined ? "Choose another name." : mend);
    if (storage.disks.some((disk) => disk.name === name))
      refuse(name, node, "a disk of that name was left behind", mend);
  }
}

function refuse(name: string, node: NodeConfig, why: string, hint: string): never {
  throw new WaifuError("exists", `can't create ${name}: ${why} on node ${node.name}`, {
    node: node.name,
    instance: name,
    hint,
  });
}
