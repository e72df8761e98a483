import type { NodeConfig } from "../config/cluster-config.ts";
import type { Dialer } from "./dialer.ts";
import { LocalRunner } from "./local-runner.ts";
import type { CommandEvent } from "./node-runner.ts";
import type { Runner } from "./runner.ts";
import { SshRunner } from "./ssh-runner.ts";

/** Opens the one connection to a node, or none for this very machine. Throws as `Dialer.dial` does. */
export async function connectNode(
  dialer: Dialer,
  { name, ssh, become }: Pick<NodeConfig, "name" | "ssh" | "become">,
  onCommand?: (event: CommandEvent) => void,
): Promise<Runner> {
  const options = { node: name, become, onCommand };
  return ssh ? new SshRunner(await dialer.dial({ name, ssh }), options) : new LocalRunner(options);
}
