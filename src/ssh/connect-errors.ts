import { WaifuError } from "../errors.ts";
import { NoAttemptLeft } from "./handshake.ts";
import type { KnownHost } from "./known-hosts.ts";

/** Who is at the other end, as messages and hints name it. */
export type Peer = {
  readonly name: string;
  readonly node?: string;
  /** Its name in known_hosts. */
  readonly host?: string;
  /** What makes `ssh` go there, for hints. */
  readonly sshArguments?: string;
};

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  ECONNRESET: "connection reset",
  EHOSTUNREACH: "no route to host",
  ENETUNREACH: "network unreachable",
  ENOTFOUND: "no such host name",
  EAI_AGAIN: "the name could not be looked up",
  ETIMEDOUT: "timed out",
};

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** A server with too many logins pending drops the next ones (MaxStartups): worth another try. */
export function isDropped(error: unknown): boolean {
  return codeOf(error) === "ECONNRESET" || messageOf(error).includes("Connection lost before handshake");
}

/** Whatever went wrong on the way to a login, in the operator's words. */
export function toConnectError(
  error: unknown,
  peer: Peer,
  recorded: readonly KnownHost[],
  tried: readonly string[],
): WaifuError {
  if (error instanceof WaifuError) return error;
  const { node, sshArguments } = peer;
  const cause = error;
  if (error instanceof NoAttemptLeft || /too many authentication failures/i.test(messageOf(error))) {
    const keys = tried.length > 0 ? tried.join(", ") : "no key: there is no agent and no key file";
    const accepted = error instanceof NoAttemptLeft ? error.accepted : [];
    const wantsOther = accepted.length > 0 && !accepted.includes("publickey");
    const more = wantsOther ? `; it only accepts ${accepted.join(", ")}` : "";
    return new WaifuError("auth", `${peer.name} lets us in with none of these: ${keys}${more}`, {
      node,
      cause,
      hint: sshArguments && `ssh-copy-id ${sshArguments}`,
    });
  }
  const message = messageOf(error);
  const missing = message.match(/no matching (.+)$/)?.[1];
  if (missing === "host key format" && recorded.length > 0) {
    const lines = recorded.map(({ type, file, line }) => `${type} (${file}${line > 0 ? `:${line}` : ""})`);
    const text = `THE HOST KEY OF ${peer.name} HAS CHANGED: it has no key of the types on record: ${lines.join(", ")}`;
    return new WaifuError("host-key", text, { node, cause });
  }
  if (missing !== undefined)
    return new WaifuError("unreachable", `${peer.name} offers no ${missing} that waifuctl speaks`, {
      node,
      cause,
      hint: "Allow curve25519-sha256, aes128-gcm@openssh.com and ssh-ed25519 in its sshd_config (no chacha20, post-quantum or certificates here).",
    });
  return new WaifuError("unreachable", `cannot reach ${peer.name}: ${REASONS[codeOf(error)] ?? message}`, {
    node,
    cause,
    hint: sshArguments && `Try: ssh -v ${sshArguments}`,
  });
}
