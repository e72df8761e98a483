import type { Duplex } from "node:stream";
import { type AnyAuthMethod, Client, type KexAlgorithm } from "ssh2";
import { type HostKey, hostKeyAlgorithms, toHostKey } from "./host-key.ts";

// Diffie-Hellman groups would block the event loop for seconds: ssh2 computes them in JavaScript under Bun.
const KEY_EXCHANGES: KexAlgorithm[] = [
  "curve25519-sha256",
  "curve25519-sha256@libssh.org",
  "ecdh-sha2-nistp256",
  "ecdh-sha2-nistp384",
];
const KEEPALIVE_MS = 5_000;
const KEEPALIVE_COUNT = 6;

/** All ways to log in were tried, and the server took none. */
export class NoAttemptLeft extends Error {
  /** What the server says it would take instead. */
  readonly accepted: readonly string[];

  constructor(accepted: readonly string[]) {
    super("no way to log in is left");
    this.accepted = accepted;
  }
}

export type HandshakeOptions = {
  readonly user: string;
  /** Key types recorded for the host. */
  readonly recordedTypes: readonly string[];
  /** Throws unless the key is the right one. */
  readonly checkHostKey: (key: HostKey) => void;
  readonly attempts: AsyncGenerator<AnyAuthMethod>;
  /** For each step; the time that a person takes to type a passphrase does not count. */
  readonly timeoutMs: number;
};

/** Speaks SSH on a stream until logged in. Rejects with what `checkHostKey` threw, NoAttemptLeft, or ssh2's own error. */
export async function handshake(stream: Duplex, options: HandshakeOptions): Promise<Client> {
  const { promise, resolve, reject } = Promise.withResolvers<Client>();
  const client = new Client();
  let patience: NodeJS.Timeout | undefined;
  const wait = (): void => {
    clearTimeout(patience);
    patience = setTimeout(() => reject(new Error("Timed out during the SSH handshake")), options.timeoutMs);
  };
  wait();
  client.once("ready", () => resolve(client));
  client.once("handshake", wait);
  client.once("close", () => reject(new Error("The connection was closed during the SSH handshake")));
  // Stays for good: after the handshake `close` tells all there is to know. An agent's failure only ends its turn.
  client.on("error", (error) => error.level !== "agent" && reject(error));
  client.connect({
    sock: stream,
    username: options.user,
    readyTimeout: 0,
    keepaliveInterval: KEEPALIVE_MS,
    keepaliveCountMax: KEEPALIVE_COUNT,
    algorithms: { kex: KEY_EXCHANGES, serverHostKey: hostKeyAlgorithms(options.recordedTypes) },
    hostVerifier: (blob: Buffer): boolean => {
      try {
        options.checkHostKey(toHostKey(blob));
        return true;
      } catch (error) {
        reject(error);
        return false;
      }
    },
    authHandler: (accepted, _isPartial, next) => {
      clearTimeout(patience);
      nextAttempt(options.attempts, accepted ?? []).then((attempt) => {
        wait();
        next(attempt);
      }, reject);
    },
  });
  try {
    return await promise;
  } catch (error) {
    client.destroy();
    stream.destroy();
    throw error;
  } finally {
    clearTimeout(patience);
  }
}

async function nextAttempt(
  attempts: AsyncGenerator<AnyAuthMethod>,
  accepted: readonly string[],
): Promise<AnyAuthMethod> {
  const { value, done } = await attempts.next();
  if (done) throw new NoAttemptLeft(accepted);
  return value;
}

/** The key that an SSH server shows on a stream, which is closed then. */
export async function peekHostKey(
  stream: Duplex,
  timeoutMs: number,
  recordedTypes: readonly string[] = [],
): Promise<HostKey> {
  let seen: HostKey | undefined;
  const look = (key: HostKey): void => {
    seen = key;
    throw new Error("seen enough");
  };
  const attempts = noAttempts();
  const failure = await handshake(stream, {
    user: "",
    recordedTypes,
    checkHostKey: look,
    attempts,
    timeoutMs,
  }).catch((error: unknown) => error);
  if (seen) return seen;
  throw failure;
}

async function* noAttempts(): AsyncGenerator<AnyAuthMethod> {}
