import { expect, test } from "bun:test";
import { parseSeedFields, seedFields } from "../../src/metadata/seed-fields.ts";
import { hashToken, makeToken, type SeedRecord } from "../../src/metadata/seed-record.ts";

const uuid = "0b6f2a4e-54a1-4d37-93f1-6d6fd1f7f2a5";
const seed: SeedRecord = {
  uuid,
  name: "web-1",
  generation: 3,
  tokenHash: hashToken(makeToken()),
  mac: "52:54:00:12:34:56",
  publicKeys: ["ssh-ed25519 AAAA mai@home"],
  files: {
    "meta-data": Uint8Array.of(1),
    "user-data": Uint8Array.of(0, 255, 13, 10),
    "vendor-data": new Uint8Array(),
  },
};

const bytesOf = (fields: Iterable<readonly [string, string | Uint8Array]>) =>
  Object.fromEntries([...fields].map(([field, value]) => [field, new Uint8Array(Buffer.from(value))]));

test("a seed comes back as it was, absent files absent and empty ones empty", () => {
  expect(parseSeedFields(uuid, bytesOf(seedFields(seed)))).toEqual(seed);
});

test("a tombstone is one whatever else is there", () => {
  const deleted = "2026-01-01T00:00:00.000Z";
  expect(parseSeedFields(uuid, bytesOf([["deleted", deleted], ...seedFields(seed)]))).toEqual({
    uuid,
    deletedAt: deleted,
  });
});

test.each([
  ["name", ""],
  ["generation", "-1"],
  ["generation", "3x"],
  ["token", "f".repeat(63)],
  ["token", "F".repeat(64)],
  ["mac", "52:54:00:12:34"],
  ["mac", "52:54:00:12:34:5G"],
  ["keys", "[1]"],
  ["keys", "["],
])("%s: %p is no seed", (field, value) => {
  expect(parseSeedFields(uuid, bytesOf([...seedFields(seed), [field, value]]))).toBeUndefined();
});
