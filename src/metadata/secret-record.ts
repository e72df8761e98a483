import type { Sealed } from "./sealed-secret.ts";

/** A Redis hash: for each secret's name what `formatSecret` makes of it. */
export const secretsKey = (uuid: string) => `waifu:secrets:${uuid}`;
/** A Redis list: what `formatRead` makes of each time that the guest was given one, the latest last. */
export const readsKey = (uuid: string) => `waifu:reads:${uuid}`;
export const mostReads = 1000;

export const mostSecretBytes = 64 * 1024;

/** It is the end of a URL, where one dot or two would mean a folder. */
export function isSecretName(text: string): boolean {
  return /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,64}$/.test(text);
}

/** `once`: whoever gets it takes it away. */
export type StoredSecret = Sealed & { readonly once: boolean };

export function formatSecret({ nonce, sealed, once }: StoredSecret): string {
  return JSON.stringify({ nonce: toBase64(nonce), sealed: toBase64(sealed), once });
}

/** Undefined when it is damaged. */
export function parseSecret(json: string): StoredSecret | undefined {
  const value = parseJson(json);
  if (!isRecord(value) || typeof value.nonce !== "string" || typeof value.sealed !== "string")
    return undefined;
  const [nonce, sealed] = [Buffer.from(value.nonce, "base64"), Buffer.from(value.sealed, "base64")];
  return { nonce, sealed, once: value.once === true };
}

/** When, by the node's clock (ISO 8601), and whence the guest asked. */
export type SecretRead = { readonly key: string; readonly at: string; readonly address: string };

export function formatRead({ key, at, address }: SecretRead): string {
  return JSON.stringify({ key, at, address });
}

/** As redis-cli prints them off a terminal, a line each. */
export function parseReads(stdout: string): SecretRead[] {
  return stdout.split("\n").map(parseJson).filter(isRead);
}

function isRead(value: unknown): value is SecretRead {
  return (
    isRecord(value) &&
    typeof value.key === "string" &&
    typeof value.at === "string" &&
    typeof value.address === "string"
  );
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}
