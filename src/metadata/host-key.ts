import { Buffer } from "node:buffer";
import { generateKeyPairSync, type KeyObject, randomBytes } from "node:crypto";

/** An SSH host key pair in OpenSSH's forms: the private half's PEM text, the public half's `ssh-ed25519 BASE64 COMMENT`. */
export type HostKey = { readonly private: string; readonly public: string };

const type = "ssh-ed25519";

/**
 * A fresh ed25519 host key. Not ssh2's generator: one in 256 of its keys loses a leading zero byte, and sshd refuses it
 * (https://github.com/mscdex/ssh2/issues/1513). Once that is mended, this file can go.
 */
export function makeHostKey(comment: string): HostKey {
  return encodeHostKey(generateKeyPairSync("ed25519").privateKey, comment);
}

/** The format is OpenSSH's PROTOCOL.key, unencrypted: a random number twice stands where a passphrase would be checked. */
export function encodeHostKey(privateKey: KeyObject, comment: string): HostKey {
  const { d = "", x = "" } = privateKey.export({ format: "jwk" });
  const [seed, publicKey] = [Buffer.from(d, "base64url"), Buffer.from(x, "base64url")];
  const publicBlob = Buffer.concat([field(type), field(publicKey)]);
  const check = randomBytes(4);
  const secret = [field(type), field(publicKey), field(Buffer.concat([seed, publicKey])), field(comment)];
  const secretLength = 2 * check.length + secret.reduce((length, part) => length + part.length, 0);
  const padding = Uint8Array.from({ length: -secretLength & 7 }, (_, index) => index + 1);
  const file = Buffer.concat([
    Buffer.from("openssh-key-v1\0"),
    field("none"),
    field("none"),
    field(""),
    Uint8Array.of(0, 0, 0, 1),
    field(publicBlob),
    field(Buffer.concat([check, check, ...secret, padding])),
  ]);
  const lines = file.toString("base64").match(/.{1,70}/g) ?? [];
  return {
    private: ["-----BEGIN OPENSSH PRIVATE KEY-----", ...lines, "-----END OPENSSH PRIVATE KEY-----", ""].join(
      "\n",
    ),
    public: `${type} ${publicBlob.toString("base64")} ${comment}`,
  };
}

/** An SSH string: its length in four bytes, then itself (RFC 4251, 5). */
function field(content: string | Uint8Array): Buffer {
  const bytes = Buffer.from(content);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
