import { describe, expect, test } from "bun:test";
import { digestFor, parseChecksums } from "../../src/catalog/checksums.ts";
import { WaifuError } from "../../src/errors.ts";
import { captured } from "./captured.ts";

const where = "https://example.org/SUMS";
const md5 = "d41d8cd98f00b204e9800998ecf8427e";
const sha1 = "da39a3ee5e6b4b0d3255bfef95601890afd80709";
const sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const other = sha256.replace("e3", "ff");
const sha512 = sha256 + sha256;

const debian12 =
  "a58d86525d75fd8e139a2302531ce5d2ab75ef0273cfe78f9d53aada4b23efd45f8433b4806fa4570cfe981c8fae26f5e5e855cbd66ba2198862f28125fd2d45";
const freebsd14 =
  "6778efae749f3a7ba2c6c953e15db9dcc633b51ce824bd8e6f2b0d9f447222555e75329fa89eec8b600aee62f5856335ac8a7a3273a2018a92c7715074b03b4b";

describe("what publishers write", () => {
  test.each<[form: string, file: string, count: number, image: string, digest: string]>([
    [
      "GNU",
      "almalinux/10-CHECKSUM",
      6,
      "AlmaLinux-10-GenericCloud-10.2-20260526.0.x86_64.qcow2",
      "47f2218668dd4776be140dd92fa3bea700be1766e2c7d88bdfd6a4b50f477b4d",
    ],
    [
      "GNU, binary",
      "ubuntu/22.04-SHA256SUMS",
      3,
      "ubuntu-22.04-server-cloudimg-amd64.img",
      "de5e632e17b8965f2baf4ea6d2b824788e154d9a65df4fd419ec4019898e15cd",
    ],
    [
      "BSD with comments",
      "rocky/9-CHECKSUM",
      4,
      "Rocky-9-GenericCloud-Base-9.7-20251123.2.x86_64.qcow2",
      "15d81d3434b298142b2fdd8fb54aef2662684db5c082cc191c3c79762ed6360c",
    ],
    [
      "BSD, clear-signed",
      "freebsd/CHECKSUM.SHA512.asc",
      16,
      "FreeBSD-14.5-RELEASE-amd64-BASIC-CLOUDINIT-ufs.qcow2.xz",
      freebsd14,
    ],
    [
      "a digest alone",
      "alpine/nocloud_alpine-3.22.4-x86_64-bios-cloudinit-r0.qcow2.sha512",
      1,
      "nocloud_alpine-3.22.4-x86_64-bios-cloudinit-r0.qcow2",
      "d0ddf1faae4d44aee3ad6621f166bd414c2f99b6974fb455408612d59cbb31a5390ca259800ac0c6b60505493880ed6de8beb986f6d0883b26c8e84ce75a266c",
    ],
    [
      "JSON, hex (Oracle)",
      "oracle/ol9-template.json",
      1,
      "/templates/OracleLinux/OL9/u8/x86_64/OL9U8_x86_64-kvm-b293.qcow2",
      "b12103391327abee8090686759c0d62dac9a7af2bf0f45fdf6b0d085a0fbb52b",
    ],
    [
      "JSON, base64 (Debian)",
      "debian/debian-12-genericcloud-amd64.json",
      2,
      "debian-12-genericcloud-amd64-20250210-2019.qcow2",
      debian12,
    ],
    [
      "simplestreams",
      "ubuntu/released-download-2024.json",
      10,
      "server/releases/noble/release-20240821/ubuntu-24.04-server-cloudimg-amd64.img",
      "0e25ca6ee9f08ec5d4f9910054b66ae7163c6152e81a3e67689d89bd6e4dfa69",
    ],
    [
      "Fedora's releases.json",
      "fedora/releases-40.json",
      3,
      "Fedora-Cloud-Base-Generic.x86_64-40-1.14.qcow2",
      "ac58f3c35b73272d5986fa6d3bc44fd246b45df4c334e99a07b3bbd00684adee",
    ],
  ])("%s: %s", (_form, file, count, image, digest) => {
    const checksums = parseChecksums(captured(file), where);
    expect(checksums).toHaveLength(count);
    expect(digestFor(checksums, image, where)).toBe(digest);
  });
});

test.each<[name: string, text: string, digest: string]>([
  ["capital digits", `${sha256.toUpperCase()}  a.qcow2`, sha256],
  ["one blank", `${sha256} a.qcow2`, sha256],
  ["a path before the name", `${sha256}  ./images/a.qcow2`, sha256],
  ["Windows line ends", `${sha256}  a.qcow2\r\n${other}  b.qcow2\r\n`, sha256],
  ["a digest alone after a comment", `# a.qcow2\n${sha512}\n`, sha512],
  ["the same line again", `SHA256 (a.qcow2) = ${sha256}\nSHA256 (a.qcow2) = ${sha256}`, sha256],
  [
    "many algorithms",
    `SHA512 (a.qcow2) = ${sha512}\nMD5 (a.qcow2) = ${md5}\nSHA256 (a.qcow2) = ${sha256}`,
    sha256,
  ],
  ["SHA-512 alone", `SHA-512 (a.qcow2) = ${sha512}`, sha512],
  ["a name with a blank", `${other}  not a.qcow2\n${sha256}  a.qcow2`, sha256],
  ["a name that ends alike", `${other}  aa.qcow2\n${sha256}  a.qcow2`, sha256],
  [
    "only what was signed",
    `${other}  a.qcow2\n-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n- ${sha256}  a.qcow2\n-----BEGIN PGP SIGNATURE-----\n\niQ==\n-----END PGP SIGNATURE-----\n${other}  a.qcow2`,
    sha256,
  ],
])("%s", (_name, text, digest) => {
  expect(digestFor(parseChecksums(text, where), "a.qcow2", where)).toBe(digest);
});

test.each<[name: string, text: string, message: string]>([
  ["another image only", `${sha256}  b.qcow2`, `${where} does not name a.qcow2`],
  ["MD5 only", `${md5}  a.qcow2`, `${where} has neither SHA-256 nor SHA-512 for a.qcow2`],
  ["SHA-1 only", `SHA1 (a.qcow2) = ${sha1}`, `${where} has neither SHA-256 nor SHA-512 for a.qcow2`],
  ["a bare MD5", md5, `${where} has neither SHA-256 nor SHA-512 for a.qcow2`],
  [
    "two that differ",
    `${sha256}  a.qcow2\n${other}  ./a.qcow2`,
    `${where} has 2 different digests for a.qcow2`,
  ],
  [
    "a digest that is cut off",
    `SHA256 (a.qcow2) = ${sha256.slice(1)}`,
    `${where} holds no checksums in a form that waifuctl knows`,
  ],
  [
    "SHA3 under a length we know",
    `SHA3-256 (a.qcow2) = ${sha256}`,
    `${where} holds no checksums in a form that waifuctl knows`,
  ],
  [
    "SHA-512 that is half",
    `SHA512 (a.qcow2) = ${sha256}`,
    `${where} holds no checksums in a form that waifuctl knows`,
  ],
  ["nothing", "", `${where} holds no checksums in a form that waifuctl knows`],
  [
    "HTML",
    "<html><body>Not Found</body></html>",
    `${where} holds no checksums in a form that waifuctl knows`,
  ],
  [
    "half a JSON",
    '{"image": "a.qcow2", "sha256":',
    `${where} holds no checksums in a form that waifuctl knows`,
  ],
  [
    "JSON without digests",
    '[{"link": "a.qcow2"}, null, 3]',
    `${where} holds no checksums in a form that waifuctl knows`,
  ],
  [
    "JSON with a digest that isn't hex",
    `{"image": "a.qcow2", "sha256": "${"z".repeat(64)}"}`,
    `${where} holds no checksums in a form that waifuctl knows`,
  ],
])("refused: %s", (_name, text, message) => {
  const attempt = () => digestFor(parseChecksums(text, where), "a.qcow2", where);
  expect(attempt).toThrow(WaifuError);
  expect(attempt).toThrow(expect.objectContaining({ code: "refused", message, hint: expect.any(String) }));
});
