import { afterAll, beforeEach, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SshTarget } from "../../src/config/cluster-config.ts";
import { SshConfigFile } from "../../src/ssh/ssh-config-file.ts";
import { operatorFrom, parseJumps, resolveTarget, type Target } from "../../src/ssh/target.ts";

const home = mkdtempSync(join(tmpdir(), "waifuctl-ssh-config-"));
const folder = join(home, ".ssh");
afterAll(() => rmSync(home, { recursive: true }));
beforeEach(() => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, "conf.d"), { recursive: true });
});

async function resolve(config: string, wanted: SshTarget): Promise<Target> {
  writeFileSync(join(folder, "config"), config);
  const operator = { home, user: "me", agentSocket: "/run/agent" };
  return resolveTarget(wanted, await SshConfigFile.read(home), operator);
}

test("without a file, ssh's defaults", async () => {
  const file = await SshConfigFile.read(home);
  expect(resolveTarget({ address: "alpha" }, file, { home, user: "me" })).toEqual({
    alias: "alpha",
    host: "alpha",
    port: 22,
    user: "me",
    credentials: {
      agentSocket: undefined,
      isAgentLimitedToFiles: false,
      identityFiles: ["id_ed25519", "id_ecdsa", "id_rsa"].map((name) => join(folder, name)),
      areFilesNamed: false,
    },
    jumps: [],
    knownHostsFiles: [join(folder, "known_hosts"), "/etc/ssh/ssh_known_hosts"],
    pinnedHostKey: undefined,
  });
});

test("without a home, no keys and only the machine's known_hosts", async () => {
  const file = await SshConfigFile.read(undefined);
  const { credentials, knownHostsFiles } = resolveTarget({ address: "alpha" }, file, { user: "me" });
  expect(credentials.identityFiles).toEqual([]);
  expect(knownHostsFiles).toEqual(["/etc/ssh/ssh_known_hosts"]);
});

const full = `
Host alpha
  hostname 10.0.0.1
  Port 2222
  User admin
  IdentityFile ~/.ssh/%r@%h
  IdentityFile "%d/second key"
  IdentitiesOnly yes
  IdentityAgent ~/agent.sock
  UserKnownHostsFile ~/one ~/two
  ProxyJump gate,me@inner:2200
Host *
  User nobody
  Port 22
`;

test("~/.ssh/config says it all, first value first", async () => {
  expect(await resolve(full, { address: "alpha" })).toEqual({
    alias: "alpha",
    host: "10.0.0.1",
    port: 2222,
    user: "admin",
    credentials: {
      agentSocket: join(home, "agent.sock"),
      isAgentLimitedToFiles: true,
      identityFiles: [join(folder, "admin@10.0.0.1"), join(home, "second key")],
      areFilesNamed: true,
    },
    jumps: [{ address: "gate" }, { address: "inner", user: "me", port: 2200 }],
    knownHostsFiles: [join(home, "one"), join(home, "two"), "/etc/ssh/ssh_known_hosts"],
    pinnedHostKey: undefined,
  });
});

test("cluster.toml wins over it", async () => {
  const wanted = {
    address: "alpha",
    port: 22,
    user: "root",
    identityFile: "~/key",
    jumpHost: "none",
    hostKey: "a b",
  };
  expect(await resolve(full, wanted)).toMatchObject({
    host: "10.0.0.1",
    port: 22,
    user: "root",
    credentials: { identityFiles: [join(home, "key")] },
    jumps: [],
    pinnedHostKey: "a b",
  });
});

test("what stands after an include belongs to its own section", async () => {
  writeFileSync(join(folder, "conf.d/a"), "Host beta\n  Port 1\n");
  writeFileSync(join(folder, "conf.d/b"), "Host alpha\n  Port 2\n");
  writeFileSync(join(folder, "inner"), "User inner\n");
  const config =
    "Include conf.d/*\nUser everyone\nHost alpha\n  Include ~/.ssh/inner missing\n  HostName ten\n";
  expect(await resolve(config, { address: "alpha" })).toMatchObject({
    port: 2,
    user: "everyone",
    host: "ten",
  });
  expect(await resolve(config, { address: "beta" })).toMatchObject({
    port: 1,
    user: "everyone",
    host: "beta",
  });
});

test("an include that includes itself, and a broken line, are configuration errors", async () => {
  expect(resolve("Include config\n", { address: "a" })).rejects.toMatchObject({ code: "config" });
  expect(resolve('Host "a\n', { address: "a" })).rejects.toMatchObject({ code: "config" });
});

test("a ProxyCommand is refused, unless a jump host replaces it", async () => {
  const config = "ProxyCommand nc %h %p\n";
  expect(resolve(config, { address: "a" })).rejects.toMatchObject({
    code: "config",
    hint: expect.stringContaining("jump_host"),
  });
  expect(await resolve(config, { address: "a", jumpHost: "b" })).toMatchObject({ jumps: [{ address: "b" }] });
  expect(await resolve("ProxyCommand none\n", { address: "a" })).toMatchObject({ host: "a" });
});

test("Match exec runs nothing and never holds", async () => {
  const config = `Match exec "touch ${home}/ran"\n  Port 9\n`;
  expect(await resolve(config, { address: "a" })).toMatchObject({ port: 22 });
  expect(await Bun.file(`${home}/ran`).exists()).toBe(false);
});

const jumps: [text: string | undefined, expected: SshTarget[]][] = [
  [undefined, []],
  ["none", []],
  ["gate", [{ address: "gate" }]],
  ["me@gate:2222", [{ address: "gate", user: "me", port: 2222 }]],
  ["ssh://gate:22", [{ address: "gate", port: 22 }]],
  ["a, [fe80::1]:2222", [{ address: "a" }, { address: "fe80::1", port: 2222 }]],
];

for (const [text, expected] of jumps)
  test(`jump ${text}`, () => {
    expect(parseJumps(text)).toEqual(expected);
  });

test("no jump host", () => {
  expect(() => parseJumps("a:b")).toThrow("no jump host");
});

test("the operator of a bare environment", () => {
  expect(operatorFrom({ LOGNAME: "cron" })).toEqual({
    user: "cron",
    home: undefined,
    agentSocket: undefined,
  });
  expect(operatorFrom({}).user).not.toBe("");
});
