import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";

const algorithm = "aes-256-gcm";
const nonceBytes = 12;
const tagBytes = 16;

/** Bytes that open only with the key, and under the name, that they were sealed with. */
export type Sealed = {
  readonly nonce: Uint8Array;
  /** The tag is at its end. */
  readonly sealed: Uint8Array;
};

/** Of one guest alone, made from the token that nobody else is given: whoever reads Redis without it reads nothing. */
export function guestKey(uuid: string, token: string): Uint8Array {
  return new Uint8Array(hkdfSync("sha256", token, uuid, "waifuctl secret v1", 32));
}

export function seal(key: Uint8Array, name: string, value: Uint8Array): Sealed {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv(algorithm, key, nonce).setAAD(Buffer.from(name));
  return { nonce, sealed: Buffer.concat([cipher.update(value), cipher.final(), cipher.getAuthTag()]) };
}

/** Undefined: it was sealed with another key or under another name, or was changed since. */
export function unseal(key: Uint8Array, name: string, { nonce, sealed }: Sealed): Uint8Array | undefined {
  try {
    const decipher = createDecipheriv(algorithm, key, nonce, { authTagLength: tagBytes })
      .setAAD(Buffer.from(name))
      .setAuthTag(sealed.subarray(-tagBytes));
    return Buffer.concat([decipher.update(sealed.subarray(0, -tagBytes)), decipher.final()]);
  } catch {
    return undefined;
  }
}
