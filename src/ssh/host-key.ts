import { createHash } from "node:crypto";
import type { ServerHostKeyAlgorithm } from "ssh2";

/** A server's public key. */
export type HostKey = {
  /** As in known_hosts: `ssh-ed25519`, `ecdsa-sha2-nistp256`, `ssh-rsa`. */
  readonly type: string;
  readonly base64: string;
};

export function toHostKey(blob: Buffer): HostKey {
  const typeLength = blob.readUInt32BE(0);
  return { type: blob.toString("utf8", 4, 4 + typeLength), base64: blob.toString("base64") };
}

/** As `ssh-keygen -l` and OpenSSH's question print it. */
export function fingerprint({ base64 }: HostKey): string {
  const digest = createHash("sha256").update(Buffer.from(base64, "base64")).digest("base64");
  return `SHA256:${digest.replace(/=+$/, "")}`;
}

const ALGORITHMS: ReadonlyMap<string, readonly ServerHostKeyAlgorithm[]> = new Map([
  ["ssh-ed25519", ["ssh-ed25519"]],
  ["ecdsa-sha2-nistp256", ["ecdsa-sha2-nistp256"]],
  ["ecdsa-sha2-nistp384", ["ecdsa-sha2-nistp384"]],
  ["ecdsa-sha2-nistp521", ["ecdsa-sha2-nistp521"]],
  ["ssh-rsa", ["rsa-sha2-512", "rsa-sha2-256"]],
]);

/**
 * What to ask a server for, in our order: only the types recorded for it, or else it may show a key that nobody
 * has seen and look like an impostor. All that we speak when nothing usable is recorded.
 */
export function hostKeyAlgorithms(recordedTypes: readonly string[]): ServerHostKeyAlgorithm[] {
  const recorded = [...ALGORITHMS].filter(([type]) => recordedTypes.includes(type));
  return (recorded.length > 0 ? recorded : [...ALGORITHMS]).flatMap(([, algorithms]) => algorithms);
}
