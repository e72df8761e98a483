import { type IdentityCallback, OpenSSHAgent, type ParsedKey } from "ssh2";

/** An ssh-agent that offers some of its keys only. */
export class AgentWithKeys extends OpenSSHAgent {
  readonly #keys: readonly ParsedKey[];

  constructor(socket: string, keys: readonly ParsedKey[]) {
    super(socket);
    this.#keys = keys;
  }

  override getIdentities(callback: IdentityCallback<ParsedKey>): void {
    callback(null, [...this.#keys]);
  }
}

/** The keys that an agent holds, or undefined when no agent answers. */
export function agentKeys(socket: string): Promise<ParsedKey[] | undefined> {
  return new Promise((resolve) => {
    new OpenSSHAgent(socket).getIdentities((error, keys = []) =>
      resolve(error ? undefined : keys.filter((key) => "getPublicSSH" in key)),
    );
  });
}
