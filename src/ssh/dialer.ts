import type { Client } from "ssh2";
import type { NodeConfig, SshTarget } from "../config/cluster-config.ts";
import { WaifuError } from "../errors.ts";
import { authAttempts } from "./auth-attempts.ts";
import { isDropped, type Peer, toConnectError } from "./connect-errors.ts";
import { handshake, peekHostKey } from "./handshake.ts";
import type { HostKey } from "./host-key.ts";
import { checkHostKey, recordedKeys } from "./host-key-check.ts";
import { type AskPassphrase, Keyring } from "./keyring.ts";
import { type KnownHost, knownHostName } from "./known-hosts.ts";
import { openStream } from "./route.ts";
import { Slots } from "./slots.ts";
import { SshConfigFile } from "./ssh-config-file.ts";
import { type Operator, resolveTarget, type Target } from "./target.ts";

export type DialerOptions = {
  readonly operator: Operator;
  readonly askPassphrase?: AskPassphrase;
  /** For each step of a connection: TCP, and three times as long for handshake and every key. */
  readonly timeoutMs?: number;
};

/** A node's name and how to reach it. */
export type NodeAddress = Pick<NodeConfig, "name"> & { readonly ssh: SshTarget };

// sshd starts to drop connections at ten pending logins (MaxStartups 10:30:100).
const PENDING_LOGINS = 6;
const TRIES = 6;
const FIRST_PAUSE_MS = 100;
const LONGEST_CHAIN = 8;

/** Makes the connections of one run: reads ~/.ssh once, unlocks each key once, spares each server's login queue. */
export class Dialer {
  readonly keyring: Keyring;
  readonly operator: Operator;
  readonly timeoutMs: number;
  readonly #pending = new Map<string, Slots>();
  #sshConfig: Promise<SshConfigFile> | undefined;

  constructor({ operator, askPassphrase, timeoutMs = 10_000 }: DialerOptions) {
    this.operator = operator;
    this.keyring = new Keyring(askPassphrase);
    this.timeoutMs = timeoutMs;
  }

  /** A machine that is starved of processor time takes a connection at once, for its kernel does, and then its time. */
  get handshakeMs(): number {
    return 3 * this.timeoutMs;
  }

  /** Where cluster.toml and ~/.ssh/config together say that a host is. */
  async resolve(wanted: SshTarget): Promise<Target> {
    this.#sshConfig ??= SshConfigFile.read(this.operator.home);
    return resolveTarget(wanted, await this.#sshConfig, this.operator);
  }

  /** Logs in to a node. Throws `unreachable`, `auth`, `host-key`, `config`. */
  async dial({ name, ssh }: NodeAddress): Promise<Client> {
    const target = await this.resolve(ssh);
    return this.#dial(target, toPeer(target, name), 0);
  }

  /** The key that a node shows now, of the recorded type if there is one; nothing is logged in to but the jump hosts. */
  async fetchHostKey({ name, ssh }: NodeAddress): Promise<HostKey> {
    const target = await this.resolve(ssh);
    try {
      const jump = await this.#jumpTo(target, 0);
      const types = typesOf(await recordedKeys(target));
      const stream = await openStream(jump, target, this.timeoutMs);
      return await peekHostKey(stream, this.handshakeMs, types);
    } catch (error) {
      throw toConnectError(error, toPeer(target, name), [], []);
    }
  }

  async #dial(target: Target, peer: Peer, depth: number): Promise<Client> {
    if (depth > LONGEST_CHAIN)
      throw new WaifuError("config", `the jump hosts to ${peer.name} go round in a circle`);
    const recorded = await recordedKeys(target);
    for (let tries = 1; ; tries++) {
      const jump = await this.#jumpTo(target, depth);
      const release = await this.#pendingAt(target).take();
      const tried: string[] = [];
      try {
        return await handshake(await openStream(jump, target, this.timeoutMs), {
          user: target.user,
          recordedTypes: typesOf(recorded),
          checkHostKey: (key) => checkHostKey(key, recorded, peer),
          attempts: authAttempts(target.user, target.credentials, this.keyring, tried),
          timeoutMs: this.handshakeMs,
        });
      } catch (error) {
        if (!isDropped(error) || tries === TRIES) throw toConnectError(error, peer, recorded, tried);
      } finally {
        release();
      }
      await Bun.sleep(FIRST_PAUSE_MS * 2 ** tries * (0.5 + Math.random()));
    }
  }

  /** Logs in to the last of the jump hosts, if there are any. */
  async #jumpTo(target: Target, depth: number): Promise<Client | undefined> {
    const jump = target.jumps.at(-1);
    if (!jump) return undefined;
    const resolved = await this.resolve(jump);
    // An explicit chain replaces what ~/.ssh/config says of its links, as with ssh -J.
    const hop = target.jumps.length > 1 ? { ...resolved, jumps: target.jumps.slice(0, -1) } : resolved;
    return this.#dial(hop, toPeer(hop), depth + 1);
  }

  #pendingAt({ host, port }: Target): Slots {
    const place = `${host}:${port}`;
    const slots = this.#pending.get(place) ?? new Slots(PENDING_LOGINS);
    this.#pending.set(place, slots);
    return slots;
  }
}

function typesOf(recorded: readonly KnownHost[]): string[] {
  return recorded.filter(({ isRevoked }) => !isRevoked).map(({ type }) => type);
}

export function toPeer({ user, host, port }: Target, node?: string): Peer {
  const place = `${user}@${host}:${port}`;
  return {
    name: node === undefined ? `jump host ${place}` : `node "${node}" (${place})`,
    node,
    host: knownHostName(host, port),
    sshArguments: `-p ${port} ${user}@${host}`,
  };
}
