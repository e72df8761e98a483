import { WaifuError } from "../errors.ts";
import type { Peer } from "./connect-errors.ts";
import { fingerprint, type HostKey } from "./host-key.ts";
import { judge, type KnownHost, knownHostName, recordedFor } from "./known-hosts.ts";
import { readKnownHosts } from "./known-hosts-file.ts";
import type { Target } from "./target.ts";

/** The keys recorded for a target: its pin, or the lines of known_hosts. */
export async function recordedKeys(target: Target): Promise<KnownHost[]> {
  if (target.pinnedHostKey === undefined)
    return recordedFor(knownHostName(target.host, target.port), await readKnownHosts(target.knownHostsFiles));
  const [type = "", base64 = ""] = target.pinnedHostKey.trim().split(/\s+/);
  return [{ type, base64, hosts: target.alias, isRevoked: false, file: "cluster.toml", line: 0 }];
}

/** Throws `host-key` unless the key is one recorded for the target. */
export function checkHostKey(key: HostKey, recorded: readonly KnownHost[], peer: Peer): void {
  const verdict = judge(key, recorded);
  if (verdict.kind === "trusted") return;
  const shown = `${key.type} ${fingerprint(key)}`;
  const trust = peer.node ? `waifuctl node trust ${peer.node}` : `ssh ${peer.sshArguments} true`;
  if (verdict.kind === "unknown")
    throw new WaifuError("host-key", `the host key of ${peer.name} is not known: ${shown}`, {
      node: peer.node,
      hint: `Compare it with the machine's own, then accept it: ${trust}`,
    });
  const where = `${verdict.recorded.file}${verdict.recorded.line > 0 ? `:${verdict.recorded.line}` : ""}`;
  if (verdict.kind === "revoked")
    throw new WaifuError("host-key", `THE HOST KEY OF ${peer.name} IS REVOKED: ${shown} (${where})`, {
      node: peer.node,
    });
  throw new WaifuError(
    "host-key",
    `THE HOST KEY OF ${peer.name} HAS CHANGED. The machine was reinstalled, or somebody stands in between. ` +
      `It shows ${shown}; ${where} has ${verdict.recorded.type} ${fingerprint(verdict.recorded)}`,
    {
      node: peer.node,
      hint:
        verdict.recorded.line === 0
          ? `If it was reinstalled, correct host_key in ${where}`
          : `If it was reinstalled: ssh-keygen -R '${peer.host}' -f ${verdict.recorded.file} && ${trust}`,
    },
  );
}
