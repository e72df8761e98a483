import { readFile } from "node:fs/promises";
import { type ParsedKey, utils } from "ssh2";
import { WaifuError } from "../errors.ts";

/** Asks the person for a key's passphrase; undefined when there is nobody to ask or they decline. */
export type AskPassphrase = (path: string) => Promise<string | undefined>;

/** A private key ready to sign, or why there is none, in words that complete "tried ~/.ssh/id_rsa". */
export type Identity = { readonly key: ParsedKey } | { readonly absent: string };

export const NO_SUCH_FILE = "no such file";
const PASSPHRASE_TRIES = 3;

/** The operator's private keys. Each is read and unlocked once, however many nodes want it. */
export class Keyring {
  readonly #ask: AskPassphrase;
  readonly #identities = new Map<string, Promise<Identity>>();
  #lastQuestion: Promise<unknown> = Promise.resolve();

  constructor(ask: AskPassphrase = async () => undefined) {
    this.#ask = ask;
  }

  /** Throws `auth` after the third wrong passphrase. */
  identity(path: string): Promise<Identity> {
    let identity = this.#identities.get(path);
    if (!identity) {
      identity = this.#read(path);
      this.#identities.set(path, identity);
    }
    return identity;
  }

  async #read(path: string): Promise<Identity> {
    let text: Buffer;
    try {
      text = await readFile(path);
    } catch (error) {
      const isMissing = error instanceof Error && "code" in error && error.code === "ENOENT";
      return { absent: isMissing ? NO_SUCH_FILE : "not readable" };
    }
    const key = utils.parseKey(text);
    if (!(key instanceof Error)) return key.isPrivateKey() ? { key } : { absent: "not a private key" };
    if (!/encrypted/i.test(key.message)) return { absent: key.message };
    const unlocked = this.#lastQuestion.then(() => this.#unlock(path, text));
    this.#lastQuestion = unlocked.catch(() => {});
    return unlocked;
  }

  async #unlock(path: string, text: Buffer): Promise<Identity> {
    for (let tries = 0; tries < PASSPHRASE_TRIES; tries++) {
      const passphrase = await this.#ask(path);
      if (passphrase === undefined) return { absent: "locked by a passphrase" };
      const key = utils.parseKey(text, passphrase);
      if (!(key instanceof Error)) return { key };
    }
    throw new WaifuError("auth", `wrong passphrase for ${path}, three times`, { hint: `ssh-add ${path}` });
  }
}
