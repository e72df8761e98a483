import { expect, test } from "bun:test";
import {
  formatRead,
  formatSecret,
  isSecretName,
  parseReads,
  parseSecret,
} from "../../src/metadata/secret-record.ts";

test.each([
  ["db-password", true],
  ["tls.key", true],
  [".env", true],
  ["...", true],
  ["A_1", true],
  ["k".repeat(64), true],
  ["k".repeat(65), false],
  ["", false],
  [".", false],
  ["..", false],
  ["a/b", false],
  ["a b", false],
  ["ä", false],
  ["a\n", false],
])("%j as a name: %p", (name, expected) => {
  expect(isSecretName(name)).toBe(expected);
});

test("a secret is read as it was written", () => {
  const secret = { nonce: Buffer.from([0, 255]), sealed: Buffer.from([1, 2, 3]), once: true };
  expect(formatSecret(secret)).toBe('{"nonce":"AP8=","sealed":"AQID","once":true}');
  expect(parseSecret(formatSecret(secret))).toEqual(secret);
});

test.each(["", "{", "null", "[]", '{"nonce":"AP8="}', '{"nonce":1,"sealed":"AQID"}'])(
  "%j is no secret",
  (json) => {
    expect(parseSecret(json)).toBeUndefined();
  },
);

test("reads are told a line each, and what is damaged is left out", () => {
  const read = { key: "k", at: "2026-01-02T03:04:05.000Z", address: "10.0.0.1" };
  expect(parseReads(`${formatRead(read)}\n{\n"x"\n\n`)).toEqual([read]);
});
