import { expect, test } from "bun:test";
import { createPrivateKey } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeHostKey, makeHostKey } from "../../src/metadata/host-key.ts";

/** The public half as ssh-keygen works it out from the private one. */
async function publicHalf(privateKey: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "waifu-key-"));
  const path = join(folder, "key");
  await writeFile(path, privateKey, { mode: 0o600 });
  const keygen = Bun.spawn(["ssh-keygen", "-y", "-f", path], { stdout: "pipe", stderr: "inherit" });
  const text = await new Response(keygen.stdout).text();
  await rm(folder, { recursive: true });
  return text.trim();
}

test.each([0, 1, 2, 3, 4, 5, 6, 7])(
  "ssh-keygen accepts a key whose comment has %d letters more",
  async (length) => {
    const key = makeHostKey(`alpha${"x".repeat(length)}`);
    expect(await publicHalf(key.private)).toBe(key.public);
  },
);

// The public keys of these two begin and end with a zero byte.
test.each([36, 214])("zero bytes at the ends of key %d are kept", async (number) => {
  const pkcs8 = Buffer.from(
    `302e020100300506032b657004220420${number.toString(16).padStart(64, "0")}`,
    "hex",
  );
  const key = encodeHostKey(createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" }), "alpha");
  expect(await publicHalf(key.private)).toBe(key.public);
});

test("two keys differ", () => {
  expect(makeHostKey("a").public).not.toBe(makeHostKey("a").public);
});
