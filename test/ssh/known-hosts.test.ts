import { expect, test } from "bun:test";
import { judge, knownHostName, parseKnownHosts, recordedFor } from "../../src/ssh/known-hosts.ts";

const names: [hosts: string, name: string, isRecorded: boolean][] = [
  ["alpha", "alpha", true],
  ["alpha", "alphabet", false],
  ["beta,alpha,10.0.0.1", "10.0.0.1", true],
  ["Alpha.Example", "alpha.example", true],
  ["*.example", "alpha.example", true],
  ["*.example", "alpha.other", false],
  ["alpha?", "alpha1", true],
  ["alpha?", "alpha", false],
  ["*.example,!bad.example", "good.example", true],
  ["*.example,!bad.example", "bad.example", false],
  ["[alpha]:2222", "[alpha]:2222", true],
  ["alpha", "[alpha]:2222", false],
  ["[alpha]:2222", "alpha", false],
  ["a.b", "axb", false],
  // Made with ssh-keygen -H (OpenSSH 9.2) from "alpha".
  ["|1|1is1qVpyP5offZr85WNY85tlLmI=|uXd037ZssN5rpfm0CTQ3pxTWog0=", "alpha", true],
  ["|1|1is1qVpyP5offZr85WNY85tlLmI=|uXd037ZssN5rpfm0CTQ3pxTWog0=", "beta", false],
];

for (const [hosts, name, isRecorded] of names)
  test(`${hosts} ${isRecorded ? "is" : "is not"} ${name}`, () => {
    const lines = parseKnownHosts(`${hosts} ssh-ed25519 AAAA comment`, "known_hosts");
    expect(recordedFor(name, lines).length > 0).toBe(isRecorded);
  });

test("comments, blanks, broken lines and authorities say nothing", () => {
  const text =
    "\n# alpha ssh-ed25519 AAAA\nalpha ssh-ed25519\n@cert-authority alpha ssh-ed25519 AAAA\r\n  \n";
  expect(parseKnownHosts(text, "known_hosts")).toEqual([]);
});

test("a host's name carries its port unless it is 22", () => {
  expect(knownHostName("Alpha", 22)).toBe("alpha");
  expect(knownHostName("::1", 2222)).toBe("[::1]:2222");
});

test("one matching key among several is enough, a revoked one is not", () => {
  const lines = parseKnownHosts("a ssh-rsa OLD\na ssh-rsa NEW\n@revoked a ssh-rsa BAD\n", "known_hosts");
  const kind = (base64: string) => judge({ type: "ssh-rsa", base64 }, lines).kind;
  expect([kind("NEW"), kind("OLD"), kind("BAD"), kind("OTHER")]).toEqual([
    "trusted",
    "trusted",
    "revoked",
    "changed",
  ]);
  expect(judge({ type: "ssh-rsa", base64: "NEW" }, [])).toEqual({ kind: "unknown" });
});
