import { expect, test } from "bun:test";
import { guestKey, type Sealed, seal, unseal } from "../../src/metadata/sealed-secret.ts";

const [uuid, token] = ["0b6f2a4e-54a1-4d37-93f1-6d6fd1f7f2a5", "t".repeat(43)];
const key = guestKey(uuid, token);
const value = Uint8Array.from({ length: 256 }, (_, index) => index);
const sealed = seal(key, "db-password", value);

test("what was sealed opens, whatever bytes it is", () => {
  expect(unseal(key, "db-password", sealed)).toEqual(Buffer.from(value));
  const empty = seal(key, "k", new Uint8Array());
  expect(unseal(key, "k", empty)).toEqual(Buffer.alloc(0));
});

test("a guest's key is HKDF-SHA-256 of its token, as anybody else makes it", async () => {
  const material = await crypto.subtle.importKey("raw", Buffer.from(token), "HKDF", false, ["deriveBits"]);
  const [salt, info] = [Buffer.from(uuid), Buffer.from("waifuctl secret v1")];
  const bits = await crypto.subtle.deriveBits({ name: "HKDF", hash: "SHA-256", salt, info }, material, 256);
  expect(key).toEqual(new Uint8Array(bits));
});

test("it is AES-256-GCM with the name as additional data, as anybody else opens it", async () => {
  const theirs = await crypto.subtle.importKey("raw", key, "AES-GCM", false, ["decrypt"]);
  const additionalData = Buffer.from("db-password");
  const iv = new Uint8Array(sealed.nonce);
  const opened = await crypto.subtle.decrypt(
    { name: "AES-GCM", iv, additionalData },
    theirs,
    new Uint8Array(sealed.sealed),
  );
  expect(new Uint8Array(opened)).toEqual(value);
});

test("the same value is never sealed alike", () => {
  const again = seal(key, "db-password", value);
  expect(again.nonce).not.toEqual(sealed.nonce);
  expect(again.sealed).not.toEqual(sealed.sealed);
});

const flip = (bytes: Uint8Array, at: number) => bytes.map((byte, index) => (index === at ? byte ^ 1 : byte));

test.each<[what: string, key: Uint8Array, name: string, sealed: Sealed]>([
  ["another token", guestKey(uuid, "u".repeat(43)), "db-password", sealed],
  ["another guest", guestKey(uuid.replace("0b", "1b"), token), "db-password", sealed],
  ["another name", key, "db-passwore", sealed],
  ["a changed value", key, "db-password", { ...sealed, sealed: flip(sealed.sealed, 0) }],
  ["a changed tag", key, "db-password", { ...sealed, sealed: flip(sealed.sealed, sealed.sealed.length - 1) }],
  ["a changed nonce", key, "db-password", { ...sealed, nonce: flip(sealed.nonce, 0) }],
  ["a short tag", key, "db-password", { ...sealed, sealed: sealed.sealed.subarray(0, 4) }],
  ["nothing", key, "db-password", { nonce: new Uint8Array(), sealed: new Uint8Array() }],
])("with %s it stays closed", (_, key, name, sealed) => {
  expect(unseal(key, name, sealed)).toBeUndefined();
});
