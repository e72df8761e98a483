import { expect, test } from "bun:test";
import { checkSchema } from "../../src/metadata/cloud-config-schema.ts";
import { reviewUserData } from "../../src/metadata/user-data-review.ts";

test.each([
  "",
  "packages: [git, [curl, 7.88.1]]\nruncmd:\n  - ls\n  - [ls, -l]\n",
  "users:\n  - default\n  - name: mai\n    expiredate: 2032-09-01\n",
  "write_files:\n  - {path: /etc/x, content: y, permissions: '0644'}\nssh_pwauth: false\n",
])("%j is as cloud-init wants it", (yaml) => {
  expect(checkSchema(`#cloud-config\n${yaml}`)).toEqual([]);
});

test.each([
  ["packages: git", "2:11: packages must be array"],
  ["runcmd:\n  - ls\n  - 1", "4:5: runcmd.1 must be array, or must be string, or must be null"],
  ["write_files:\n  - content: x", "3:5: write_files.0 must have required property 'path'"],
  ["power_state:\n  mode: off", "3:9: power_state.mode must be one of poweroff, reboot, halt"],
  ["power_state: {mode: halted}", "2:21: power_state.mode must be one of poweroff, reboot, halt"],
])("%j is refused", (yaml, message) => {
  expect(() => reviewUserData(`#cloud-config\n${yaml}\n`, "web.yaml")).toThrow(`web.yaml:${message}`);
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
])("%j is a warning, as a newer cloud-init may know it", (yaml, message) => {
  expect(reviewUserData(`#cloud-config\n${yaml}\n`, "web.yaml").warnings).toEqual([`web.yaml:${message}`]);
});

test("a script has no schema", () => {
  expect(reviewUserData("#!/bin/sh\npackages: git\n", "x").warnings).toEqual([]);
});
