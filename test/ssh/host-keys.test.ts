import { afterAll, beforeEach, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { appendFileSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { toWaifuError } from "../../src/errors.ts";
import { fingerprint } from "../../src/ssh/host-key.ts";
import { knownHostName } from "../../src/ssh/known-hosts.ts";
import { appendKnownHost } from "../../src/ssh/known-hosts-file.ts";
import { openWorkshop, startSshd } from "./sshd.ts";

const workshop = openWorkshop();
const sshd = await startSshd(workshop, { hostKeyTypes: ["ed25519", "ecdsa"] });
const knownHosts = `${workshop.home}/.ssh/known_hosts`;
const host = `[127.0.0.1]:${sshd.port}`;
const publicKey = (path: string): string =>
  readFileSync(`${path}.pub`, "utf8").split(" ").slice(0, 2).join(" ");
const ecdsa = publicKey(`${workshop.folder}/host-${sshd.port}-ecdsa`);
const other = publicKey(workshop.makeKey("other", "ed25519"));
const printed = (key: string): string =>
  execFileSync("ssh-keygen", ["-l", "-f", "-"], { input: key, encoding: "utf8" }).split(" ")[1] ?? "";

afterAll(async () => {
  await sshd.stop();
  workshop.remove();
});
beforeEach(() => rmSync(knownHosts, { force: true }));

async function outcome(hostKey?: string): Promise<{ code: string; message: string; hint?: string }> {
  try {
    const client = await workshop.dialer().dial({ name: "alpha", ssh: { ...sshd.target, hostKey } });
    client.end();
    return { code: "in", message: "" };
  } catch (error) {
    const { code, message, hint } = toWaifuError(error);
    return { code, message, hint };
  }
}

test("an unknown key is refused with its fingerprint", async () => {
  const { code, message, hint } = await outcome();
  expect(code).toBe("host-key");
  expect(message).toEndWith(`is not known: ssh-ed25519 ${printed(sshd.hostKey)}`);
  expect(hint).toEndWith("waifuctl node trust alpha");
});

test("a known one lets us in", async () => {
  writeFileSync(knownHosts, `other.example ${other}\n${host} ${sshd.hostKey}\n`);
  expect((await outcome()).code).toBe("in");
});

test("a hashed one lets us in", async () => {
  writeFileSync(knownHosts, `${host} ${sshd.hostKey}\n`);
  execFileSync("ssh-keygen", ["-H", "-f", knownHosts], { stdio: "ignore" });
  expect(readFileSync(knownHosts, "utf8")).toStartWith("|1|");
  expect((await outcome()).code).toBe("in");
});

test("only a key of a recorded type is asked for", async () => {
  writeFileSync(knownHosts, `${host} ${ecdsa}\n`);
  expect((await outcome()).code).toBe("in");
});

test("a changed key is refused loudly, with the place of the old one", async () => {
  writeFileSync(knownHosts, `# a comment\n${host} ${other}\n`);
  const { code, message, hint } = await outcome();
  expect(code).toBe("host-key");
  expect(message).toContain("HAS CHANGED");
  expect(message).toContain(printed(sshd.hostKey));
  expect(message).toContain(`${knownHosts}:2 has ssh-ed25519 ${printed(other)}`);
  expect(hint).toContain(`ssh-keygen -R '${host}' -f ${knownHosts} && waifuctl node trust alpha`);
});

test("a server without any key of the recorded types has changed too", async () => {
  const rsa = publicKey(workshop.makeKey("rsa", "rsa"));
  writeFileSync(knownHosts, `${host} ${rsa}\n`);
  const { code, message } = await outcome();
  expect(code).toBe("host-key");
  expect(message).toContain(`HAS CHANGED: it has no key of the types on record: ssh-rsa (${knownHosts}:1)`);
});

test("a revoked key is refused", async () => {
  writeFileSync(knownHosts, `${host} ${sshd.hostKey}\n@revoked * ${sshd.hostKey}\n`);
  const { code, message } = await outcome();
  expect(code).toBe("host-key");
  expect(message).toContain(`IS REVOKED: ssh-ed25519 ${printed(sshd.hostKey)} (${knownHosts}:2)`);
});

test("a pin in cluster.toml replaces known_hosts", async () => {
  writeFileSync(knownHosts, `${host} ${other}\n`);
  expect((await outcome(sshd.hostKey)).code).toBe("in");
  expect((await outcome(ecdsa)).code).toBe("in");
  writeFileSync(knownHosts, `${host} ${sshd.hostKey}\n`);
  expect(await outcome(other)).toMatchObject({
    code: "host-key",
    hint: expect.stringContaining("host_key in cluster.toml"),
  });
});

test("UserKnownHostsFile may name several", async () => {
  const [one, two] = [`${workshop.folder}/one`, `${workshop.folder}/two`];
  writeFileSync(two, `${host} ${sshd.hostKey}\n`);
  writeFileSync(`${workshop.home}/.ssh/config`, `UserKnownHostsFile ${one} ${two}\n`);
  expect((await outcome()).code).toBe("in");
  rmSync(`${workshop.home}/.ssh/config`);
});

test("a key is fetched without logging in, recorded, and then trusted by us and by ssh", async () => {
  const dialer = workshop.dialer();
  const { identityFile: _, hostKey: __, ...target } = sshd.target;
  const key = await dialer.fetchHostKey({ name: "alpha", ssh: target });
  expect(`${key.type} ${key.base64}`).toBe(sshd.hostKey);
  expect(fingerprint(key)).toBe(printed(sshd.hostKey));
  rmSync(`${workshop.home}/.ssh`, { recursive: true });
  await appendKnownHost(knownHosts, knownHostName("127.0.0.1", sshd.port), key);
  expect((await outcome()).code).toBe("in");
  expect(statSync(knownHosts).mode & 0o777).toBe(0o600);
  expect(statSync(`${workshop.home}/.ssh`).mode & 0o777).toBe(0o700);
  const found = execFileSync("ssh-keygen", ["-F", host, "-f", knownHosts], { encoding: "utf8" });
  expect(found).toContain(sshd.hostKey);
});

test("what is appended starts a line of its own", async () => {
  writeFileSync(knownHosts, `other.example ${other}`);
  await appendKnownHost(knownHosts, host, { type: "ssh-ed25519", base64: "AAAA" });
  expect(readFileSync(knownHosts, "utf8")).toBe(`other.example ${other}\n${host} ssh-ed25519 AAAA\n`);
});

test("a host that is recorded by another of its keys is asked for that one", async () => {
  appendFileSync(knownHosts, `${host} ${ecdsa}\n`);
  const key = await workshop
    .dialer()
    .fetchHostKey({ name: "alpha", ssh: { ...sshd.target, hostKey: undefined } });
  expect(`${key.type} ${key.base64}`).toBe(ecdsa);
});
