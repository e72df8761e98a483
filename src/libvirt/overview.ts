import { type Command, type CommandResult, repeatable } from "../command.ts";
import { describeScript } from "./domain-list.ts";
import { metadataNamespace } from "./metadata.ts";
import { networkStateScript } from "./network.ts";

/**
 * What `listDomains` and `readNetwork` tell, in one virsh less: most of its time goes into connecting. Only when something is
 * wrong they are asked one by one, to tell which it is.
 */
const overviewScript = `
network=$3
if said=$(virsh -q -c "$1" "list --all --uuid; net-dumpxml --inactive $network" 2>/dev/null); then
  uuids=\${said%%<network*} xml="<network\${said#*<network}" status=0
else
  uuids=$(virsh -q -c "$1" list --all --uuid) || exit
  xml=$(virsh -q -c "$1" net-dumpxml --inactive "$network" 2>&1); status=$?
fi${describeScript}
printf '\\n== %d\\n' "$status"
[ "$status" = 0 ] || { printf '%s\\n' "$xml"; exit 0; }${networkStateScript}`;

export function readOverview(uri: string, network: string): Command {
  const words = [uri, metadataNamespace, network];
  return repeatable(["sh", "-c", overviewScript, "sh", ...words], { timeoutMs: 60_000 });
}

/** The two answers apart, as `parseDomains` and `parseNetwork` take them. */
export function splitOverview(result: CommandResult): { domains: CommandResult; network: CommandResult } {
  const [domains = "", status, rest = ""] = result.stdout.split(/^== (\d+)\n/m);
  const exitCode = Number(status ?? result.exitCode);
  return {
    domains: { ...result, stdout: domains },
    network: exitCode === 0 ? { ...result, stdout: rest } : { exitCode, stdout: "", stderr: rest },
  };
}
