import { readFile } from "node:fs/promises";
import { type AnyAuthMethod, type ParsedKey, utils } from "ssh2";
import { AgentWithKeys, agentKeys } from "./agent.ts";
import { type Keyring, NO_SUCH_FILE } from "./keyring.ts";

/** With what the operator may prove who they are. */
export type Credentials = {
  readonly agentSocket: string | undefined;
  /** IdentitiesOnly: offer those of the agent's keys only that stand in a file as well. */
  readonly isAgentLimitedToFiles: boolean;
  readonly identityFiles: readonly string[];
  /** Somebody named the files, so that a missing one is worth a word. */
  readonly areFilesNamed: boolean;
};

/** Ways to log in, in order: the agent, the key files, nothing at all (Tailscale SSH asks for no key). */
export async function* authAttempts(
  username: string,
  credentials: Credentials,
  keyring: Keyring,
  /** Gets a line for each thing tried. */
  tried: string[],
): AsyncGenerator<AnyAuthMethod> {
  const { agentSocket, identityFiles, areFilesNamed } = credentials;
  const publicKeys = await Promise.all(identityFiles.map(publicKeyBeside));
  const held = agentSocket === undefined ? [] : await agentKeys(agentSocket);
  if (held === undefined) tried.push(`agent ${agentSocket} (does not answer)`);
  const offered = chooseKeys(held ?? [], publicKeys, credentials);
  if (agentSocket !== undefined && offered.length > 0) {
    tried.push(`agent (${offered.length} ${offered.length === 1 ? "key" : "keys"})`);
    yield { type: "agent", username, agent: new AgentWithKeys(agentSocket, offered) };
  }
  for (const [index, path] of identityFiles.entries()) {
    const publicKey = publicKeys[index];
    // Refused already: don't ask for its passphrase to be refused again.
    if (publicKey && offered.some((key) => key.equals(publicKey))) continue;
    const identity = await keyring.identity(path);
    if ("key" in identity) {
      tried.push(path);
      yield { type: "publickey", username, key: identity.key };
    } else if (areFilesNamed || identity.absent !== NO_SUCH_FILE) tried.push(`${path} (${identity.absent})`);
  }
  yield { type: "none", username };
}

/** Those in named files first: a server hangs up after six wrong keys. */
function chooseKeys(
  held: readonly ParsedKey[],
  publicKeys: readonly (ParsedKey | undefined)[],
  { areFilesNamed, isAgentLimitedToFiles }: Credentials,
): ParsedKey[] {
  const isInFile = (key: ParsedKey): boolean => publicKeys.some((publicKey) => publicKey?.equals(key));
  const inFiles = held.filter(isInFile);
  if (isAgentLimitedToFiles) return inFiles;
  return areFilesNamed ? [...inFiles, ...held.filter((key) => !isInFile(key))] : [...held];
}

async function publicKeyBeside(path: string): Promise<ParsedKey | undefined> {
  const text = await readFile(`${path}.pub`).catch(() => undefined);
  const key = text && utils.parseKey(text);
  return key instanceof Error ? undefined : key;
}
