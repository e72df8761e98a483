import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LabNode } from "./node.ts";
import { type Outcome, run } from "./run.ts";

/** Runs a shell line on a node by OpenSSH, which accepts the node's promised host key and no other. */
export async function sshLogin(
  node: LabNode,
  line: string,
  options: readonly string[] = [],
): Promise<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), "waifu-lab-"));
  try {
    const knownHosts = join(folder, "known_hosts");
    await Bun.write(knownHosts, `${node.address} ${node.hostKey}\n`);
    const files = ["-F", "none", "-i", node.identityFile, "-o", `UserKnownHostsFile=${knownHosts}`];
    const manners = ["-o", "StrictHostKeyChecking=yes", "-o", "BatchMode=yes", "-o", "ConnectTimeout=3"];
    return await run(["ssh", ...files, ...manners, ...options, `${node.user}@${node.address}`, line]);
  } finally {
    await rm(folder, { recursive: true });
  }
}
