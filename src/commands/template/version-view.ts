import { type KnownVersion, shortDigest } from "../../templates/versions.ts";

/** `20260102 (a1b2c3d4)`, or the digest alone where the publisher has no word for it. */
export function versionWords({ release, digest }: { release?: string; digest: string }): string {
  return release === undefined ? shortDigest(digest) : `${release} (${shortDigest(digest)})`;
}

/** A version as --json prints it, wherever it is printed. */
export function versionJson({ name, digest, record, copies, isNewest }: KnownVersion) {
  return {
    ...record,
    name,
    digest,
    isNewest,
    virtualBytes: copies[0]?.virtualBytes,
    nodes: copies.map(({ node }) => node),
    copies: copies.map(({ node, virtualBytes, allocatedBytes }) => ({ node, virtualBytes, allocatedBytes })),
  };
}
