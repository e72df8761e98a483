import { expect, test } from "bun:test";
import { gzipSync } from "node:zlib";
import { decodeUserData, mostUserDataBytes } from "../../src/metadata/user-data-text.ts";

const config = "#cloud-config\npackages: [git]\n";
const packed = gzipSync(config);
const most = "#cloud-config\n# ä\n".padEnd(mostUserDataBytes - 1, "x");
const multipart =
  'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: text/cloud-config\r\n\r\n#cloud-config\r\n--b--\r\n';

test.each([
  ["text", config],
  ["Windows' line ends", config.replaceAll("\n", "\r\n")],
  ["multipart", multipart],
  ["other tongues", "#!/bin/sh\necho 'grüße, 日本語, 🦦'\n"],
  ["a byte order mark", "\ufeff#cloud-config\n"],
  ["16 MiB", most],
])("%s is kept byte for byte, packed or not", async (_, text) => {
  expect((await decodeUserData(Buffer.from(text), "x")) === text).toBe(true);
  expect((await decodeUserData(gzipSync(text), "x")) === text).toBe(true);
});

test.each([
  ["nothing", ""],
  ["blanks", " \t\r\n\n"],
  ["many blanks", "\n".repeat(mostUserDataBytes)],
])("%s is none", async (_, text) => {
  expect(await decodeUserData(Buffer.from(text), "x")).toBe("");
  expect(await decodeUserData(gzipSync(text), "x")).toBe("");
});

const flipped = packed.map((byte, index) => (index === packed.length - 6 ? byte ^ 1 : byte));

test.each<[string, Uint8Array, string]>([
  [
    "16 MiB and a byte",
    Buffer.from(`${most}x`),
    "web.yaml has more than 16777216 bytes: user-data may have 16777216 (16 MiB)",
  ],
  [
    "the same packed",
    gzipSync(`${most}x`),
    "unpacked more than 16777216 bytes: user-data may have 16777216 (16 MiB)",
  ],
  ["a bomb", gzipSync(Buffer.alloc(512 * 1024 ** 2)), "unpacked more than 16777216 bytes"],
  [
    "a bomb of many members",
    Buffer.concat(Array(20).fill(gzipSync(Buffer.alloc(1024 ** 2)))),
    "unpacked more",
  ],
  [
    "half of it",
    packed.subarray(0, 20),
    "web.yaml is packed with gzip and can't be unpacked: unexpected end",
  ],
  ["its beginning", packed.subarray(0, 2), "web.yaml is packed with gzip and can't be unpacked"],
  ["a flipped bit", flipped, "web.yaml is packed with gzip and can't be unpacked: incorrect data check"],
  ["a picture", Buffer.from("89504e470d0a1a0a", "hex"), "web.yaml is not UTF-8 text"],
  ["the same packed", gzipSync(Buffer.from("89504e470d0a1a0a", "hex")), "web.yaml is not UTF-8 text"],
  ["a NUL", Buffer.from("#cloud-config\n\0"), "web.yaml is not UTF-8 text"],
  ["Latin-1", Buffer.from("#cloud-config\n# \xe4\n", "latin1"), "web.yaml is not UTF-8 text"],
  ["UTF-16", Buffer.from("\ufeff#cloud-config\n", "utf16le"), "web.yaml is not UTF-8 text"],
])("%s is refused", async (_, bytes, message) => {
  const error = await decodeUserData(bytes, "web.yaml").catch((error: unknown) => error);
  expect(error).toMatchObject({
    code: "usage",
    message: expect.stringContaining(message),
    hint: expect.any(String),
  });
});
