import { expect, test } from "bun:test";
import { checkUserData } from "../../src/metadata/user-data.ts";

test.each([
  ["", { hostKey: "ours" }],
  ["#cloud-config\n", { hostKey: "ours" }],
  ["#cloud-config", { hostKey: "ours" }],
  ["\n#cloud-config\r\npackages: [git]\r\n", { hostKey: "ours" }],
  [
    "#cloud-config\nusers:\n  - default\n  - name: mai\n  - name: rin\n",
    { hostKey: "ours", loginUser: "mai" },
  ],
  ["#cloud-config\nuser: mai\n", { hostKey: "ours", loginUser: "mai" }],
  ["#cloud-config\nuser: {name: mai}\n", { hostKey: "ours", loginUser: "mai" }],
  ["#cloud-config\nusers: [default]\n", { hostKey: "ours" }],
  ["#cloud-config\nssh_keys: {ed25519_private: x}\n", { hostKey: "its-own" }],
  ["#cloud-config\nvendor_data: {enabled: false}\n", { hostKey: "its-own" }],
  ["#cloud-config\nbase: &base {a: 1}\nother:\n  <<: *base\n", { hostKey: "ours" }],
  ["#!/bin/sh\nexit 0\n", { hostKey: "ours" }],
  ["#cloud-boothook\necho\n", { hostKey: "ours" }],
  ["## template: jinja\n#cloud-config\nhostname: {{ ds.name }}\n", { hostKey: "unknown" }],
  ["#include\nhttps://example.com/a\n", { hostKey: "unknown" }],
  ["#cloud-config-archive\n- type: text/x-shellscript\n", { hostKey: "unknown" }],
  ["Content-Type: multipart/mixed; boundary=x\n\n--x--\n", { hostKey: "unknown" }],
  ["MIME-Version: 1.0\n", { hostKey: "unknown" }],
] as const)("%j is accepted", (text, facts) => {
  expect(checkUserData(text, "base.yaml")).toMatchObject(facts);
  expect(checkUserData(text, "base.yaml").loginUser).toBe("loginUser" in facts ? facts.loginUser : undefined);
});

test.each([
  ["packages: [git]\n", `1: user-data can't begin with "packages: [git]"`],
  ["# cloud-config\n", `1: user-data can't begin with "# cloud-config"`],
  ["#cloud-confg\n", `1: user-data can't begin with "#cloud-confg"`],
  ["\ufeff#cloud-config\n", "1: user-data can't begin with a byte order mark"],
  ["#cloud-config\n- a\n", "2:1: a cloud-config must be a mapping: lines of `key: value`"],
  ["#cloud-config\njust text\n", "2:1: a cloud-config must be a mapping: lines of `key: value`"],
  ["#cloud-config\na: 1\nb: 2\na: 3\n", "4:1: Map keys must be unique"],
  ["#cloud-config\na:\n\t- b\n", "3:1: Tabs are not allowed as indentation"],
  [
    "#cloud-config\na: [1, 2\n",
    "3:1: Flow sequence in block collection must be sufficiently indented and end with a ]",
  ],
  ["#cloud-config\nhosts: [ *.example ]\n", "2:10: *.example refers to nothing: quote it, if it is text"],
  [
    "#cloud-config\na: 1\n---\nb: 2\n",
    "3:1: Source contains multiple documents; please use YAML.parseAllDocuments()",
  ],
])("%j is refused", (text, message) => {
  const check = () => checkUserData(text, "base.yaml");
  expect(check).toThrow(expect.objectContaining({ code: "usage", message: `base.yaml:${message}` }));
  expect(check).toThrow(expect.objectContaining({ hint: expect.stringMatching(/#cloud-config|cloudinit/) }));
});
