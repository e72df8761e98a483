import { createHmac } from "node:crypto";
import type { HostKey } from "./host-key.ts";

/** One line of a known_hosts file (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT). */
export type KnownHost = HostKey & {
  readonly isRevoked: boolean;
  /** Comma-separated patterns, or one hashed name. */
  readonly hosts: string;
  readonly file: string;
  readonly line: number;
};

export type Verdict =
  | { readonly kind: "trusted" }
  | { readonly kind: "unknown" }
  | { readonly kind: "changed" | "revoked"; readonly recorded: KnownHost };

/** Lines for certificate authorities are left out: ssh2 speaks no host certificates. */
export function parseKnownHosts(text: string, file: string): KnownHost[] {
  return text.split("\n").flatMap((line, index) => {
    const fields = line.trim().split(/\s+/);
    const marker = fields[0]?.startsWith("@") ? fields.shift() : undefined;
    const [hosts, type, base64] = fields;
    if (!hosts || hosts.startsWith("#") || !type || !base64) return [];
    if (marker !== undefined && marker !== "@revoked") return [];
    return [{ isRevoked: marker === "@revoked", hosts, type, base64, file, line: index + 1 }];
  });
}

/** The name under which a host stands in known_hosts. */
export function knownHostName(host: string, port: number): string {
  const name = host.toLowerCase();
  return port === 22 ? name : `[${name}]:${port}`;
}

export function recordedFor(name: string, lines: readonly KnownHost[]): KnownHost[] {
  return lines.filter(({ hosts }) => (hosts.startsWith("|") ? isHashOf(name, hosts) : matches(name, hosts)));
}

/** Judges a key by the lines recorded for its host. */
export function judge(key: HostKey, recorded: readonly KnownHost[]): Verdict {
  const same = recorded.filter(({ base64 }) => base64 === key.base64);
  const revoked = same.find(({ isRevoked }) => isRevoked);
  if (revoked) return { kind: "revoked", recorded: revoked };
  if (same.length > 0) return { kind: "trusted" };
  const other = recorded.find(({ isRevoked }) => !isRevoked);
  return other ? { kind: "changed", recorded: other } : { kind: "unknown" };
}

function isHashOf(name: string, hosts: string): boolean {
  const [, version, salt, hash] = hosts.split("|");
  if (version !== "1" || !salt || !hash) return false;
  return createHmac("sha1", Buffer.from(salt, "base64")).update(name).digest("base64") === hash;
}

/** A negated pattern that fits rules the whole line out. */
function matches(name: string, hosts: string): boolean {
  const patterns = hosts.toLowerCase().split(",");
  const isExcluded = patterns.some((pattern) => pattern.startsWith("!") && fits(name, pattern.slice(1)));
  return !isExcluded && patterns.some((pattern) => fits(name, pattern));
}

function fits(name: string, pattern: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${source}$`).test(name);
}
