import { expect, test } from "bun:test";
import { parseCloudConfig } from "../../src/metadata/cloud-config-document.ts";
import { checkSchema } from "../../src/metadata/cloud-config-schema.ts";
import { reviewUserData } from "../../src/metadata/user-data-review.ts";

test.each([
  "",
  "packages: [git, [curl, 7.88.1]]\nruncmd:\n  - ls\n  - [ls, -l]\n",
  "users:\n  - default\n  - name: mai\n    expiredate: 2032-09-01\n",
  "write_files:\n  - {path: /etc/x, content: y, permissions: '0644'}\nssh_pwauth: false\n",
])("%j is as cloud-init wants it", (yaml) => {
  expect(checkSchema(parseCloudConfig(`#cloud-config\n${yaml}`, "x"))).toEqual([]);
});

test.each([
  ["packages: git", "2:11: packages must be array"],
  ["runcmd:\n  - ls\n  - 1", "4:5: runcmd.1 must be array, or must be string, or must be null"],
  ["write_files:\n  - content: x", "3:5: write_files.0 must have required property 'path'"],
  ["power_state:\n  mode: off", "3:9: power_state.mode must be one of poweroff, reboot, halt"],
  ["users: 1", "2:8: users must be string,array,object"],
  ["packages: [1]", "2:12: packages.0 must be array, or must be string"],
  ["power_state: {mode: halted}", "2:21: power_state.mode must be one of poweroff, reboot, halt"],
])("%j is refused", (yaml, message) => {
  expect(() => reviewUserData(`#cloud-config\n${yaml}\n`, "web.yaml")).toThrow(`web.yaml:${message}`);
});

test("with Windows' line ends a mistake is told by the same line", () => {
  expect(() => reviewUserData("#cloud-config\r\nruncmd: [ls]\r\n\r\npackages: git\r\n", "web.yaml")).toThrow(
    "web.yaml:4:11: packages must be array",
  );
});

test("an anchor may be used many times; a bomb of aliases is refused", () => {
  const often = `x: &x ls\nruncmd:\n${"  - *x\n".repeat(2000)}`;
  expect(reviewUserData(`#cloud-config\n${often}`, "web.yaml").warnings).toHaveLength(1);
  const lists = Array.from(
    { length: 10 },
    (_, i) => `a${i}: &a${i} [${Array(9).fill(i ? `*a${i - 1}` : "x")}]\n`,
  );
  expect(() => reviewUserData(`#cloud-config\n${lists.join("")}`, "web.yaml")).toThrow(
    expect.objectContaining({ code: "usage", message: expect.stringContaining("unfold") }),
  );
});

test("of very many mistakes the first are told, and how many there are", () => {
  const review = () => reviewUserData(`#cloud-config\nruncmd:\n${"  - 1\n".repeat(20_000)}`, "web.yaml");
  expect(review).toThrow("web.yaml:3:5: runcmd.0 must be array");
  expect(review).toThrow(
    "web.yaml:52:5: runcmd.49 must be array, or must be string, or must be null\nand 19950 more",
  );
});

test("every mistake is told, by its line", () => {
  expect(() => reviewUserData("#cloud-config\nruncmd: ls\npackages: git\n", "web.yaml")).toThrow(
    "web.yaml:2:9: runcmd must be array\nweb.yaml:3:11: packages must be array",
  );
});

test.each([
  ["packges: [git]", "2:1: cloud-init does not know packges here; did you mean packages?"],
  [
    "users:\n  - name: mai\n    sshkeys: [x]",
    "4:5: cloud-init does not know sshkeys here; did you mean ssh_keys?",
  ],
  ["constructor: 1", "2:1: cloud-init does not know constructor here"],
  ["write_files:\n  - {path: /x, a/b~c 100%: 1}", "3:16: cloud-init does not know a/b~c 100% here"],
  ["write_files:\n  - {path: /x, mod: 1}", "3:16: cloud-init does not know mod here"],
  [
    "users:\n  - {name: mai, sudo: [ALL]}",
    "3:23: users.0.sudo must be string,null, or must be boolean, says the schema of 22.4",
  ],
  [
    "write_files: [{path: /x, permissions: 0644}]",
    "2:39: write_files.0.permissions must be string, says the schema of 22.4",
  ],
  [
    "mounts: [[vdb, /srv, auto, defaults, '0', 2]]",
    "2:43: mounts.0.5 must be string, says the schema of 22.4",
  ],
  ["users: []", "2:8: users must NOT have fewer than 1 items, says the schema of 22.4"],
  ["packages: [{snap: [x]}]", "2:12: packages.0 must be array, or must be string, says the schema of 22.4"],
])("%j is a warning, as a newer cloud-init may know it", (yaml, message) => {
  expect(reviewUserData(`#cloud-config\n${yaml}\n`, "web.yaml").warnings).toEqual([`web.yaml:${message}`]);
});

test("a script has no schema", () => {
  expect(reviewUserData("#!/bin/sh\npackages: git\n", "x").warnings).toEqual([]);
  expect(reviewUserData("", "x")).toEqual({ facts: { hostKey: "ours" }, warnings: [] });
});
