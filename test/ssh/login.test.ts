import { afterAll, beforeEach, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { copyFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import type { SshTarget } from "../../src/config/cluster-config.ts";
import type { Dialer } from "../../src/ssh/dialer.ts";
import { type KeyType, openWorkshop, startSshd } from "./sshd.ts";

const workshop = openWorkshop();
const sshd = await startSshd(workshop);
const keyless = await startSshd(workshop, {
  options: ["PubkeyAuthentication=no", "PasswordAuthentication=yes", "PermitRootLogin=yes"],
});
const user = execFileSync("id", ["-un"], { encoding: "utf8" }).trim();
const [encrypted, stranger] = [
  workshop.makeKey("encrypted", "ed25519", "open sesame"),
  workshop.makeKey("stranger", "rsa"),
];
workshop.authorize(encrypted);

afterAll(async () => {
  await Promise.all([sshd.stop(), keyless.stop()]);
  workshop.remove();
});
beforeEach(() => rmSync(`${workshop.home}/.ssh/config`, { force: true }));

const { identityFile: _, ...keylessTarget } = sshd.target;

async function login(
  dialer: Dialer,
  identityFile?: string,
  target: SshTarget = keylessTarget,
): Promise<string> {
  const client = await dialer.dial({ name: "alpha", ssh: { ...target, identityFile } });
  client.end();
  return "in";
}

/** A real ssh-agent with some keys, gone when the work is done. */
async function withAgent<T>(keys: readonly string[], work: (socket: string) => Promise<T>): Promise<T> {
  const socket = `${workshop.folder}/agent`;
  const pid = execFileSync("ssh-agent", ["-s", "-a", socket], { encoding: "utf8" }).match(
    /AGENT_PID=(\d+)/,
  )?.[1];
  try {
    if (keys.length > 0)
      execFileSync("ssh-add", ["-q", ...keys], { env: { ...process.env, SSH_AUTH_SOCK: socket } });
    return await work(socket);
  } finally {
    process.kill(Number(pid));
    rmSync(socket, { force: true });
  }
}

for (const type of ["ed25519", "rsa", "ecdsa"] satisfies KeyType[])
  test(`an ${type} key`, async () => {
    const key = workshop.makeKey(`login-${type}`, type);
    workshop.authorize(key);
    expect(await login(workshop.dialer(), key)).toBe("in");
  });

test("the usual keys of ~/.ssh", async () => {
  const key = workshop.makeKey("usual", "ecdsa");
  workshop.authorize(key);
  copyFileSync(key, `${workshop.home}/.ssh/id_ecdsa`);
  expect(await login(workshop.dialer())).toBe("in");
  rmSync(`${workshop.home}/.ssh/id_ecdsa`);
});

test("the key that ~/.ssh/config names", async () => {
  writeFileSync(`${workshop.home}/.ssh/config`, `Host 127.0.0.*\n  IdentityFile %d/../operator\n`);
  expect(await login(workshop.dialer())).toBe("in");
});

test("an encrypted key is unlocked once for many nodes", async () => {
  const asked: string[] = [];
  const answers = ["wrong", "wrong again", "open sesame"];
  const dialer = workshop.dialer({
    askPassphrase: async (path) => {
      asked.push(path);
      return answers.shift();
    },
  });
  expect(await Promise.all([login(dialer, encrypted), login(dialer, encrypted)])).toEqual(["in", "in"]);
  expect(asked).toEqual([encrypted, encrypted, encrypted]);
});

test("three wrong passphrases end it", async () => {
  const login3 = login(workshop.dialer({ askPassphrase: async () => "wrong" }), encrypted);
  expect(await login3.catch((error) => error)).toMatchObject({ code: "auth", hint: `ssh-add ${encrypted}` });
});

test("what was tried is told", async () => {
  const failure = await login(workshop.dialer(), encrypted).catch((error) => error);
  expect(failure).toMatchObject({ code: "auth", node: "alpha" });
  expect(failure.message).toBe(
    `node "alpha" (${user}@127.0.0.1:${sshd.port}) lets us in with none of these: ${encrypted} (locked by a passphrase)`,
  );
  expect(failure.hint).toBe(`ssh-copy-id -p ${sshd.port} ${user}@127.0.0.1`);
  expect(login(workshop.dialer(), `${workshop.folder}/gone`)).rejects.toThrow("gone (no such file)");
  expect(login(workshop.dialer(), `${stranger}.pub`)).rejects.toThrow("stranger.pub (not a private key)");
  expect(login(workshop.dialer())).rejects.toThrow("there is no agent and no key file");
  expect(await login(workshop.dialer(), stranger).catch(({ message }) => message)).toContain(stranger);
});

test("a server that takes no keys says what it takes", async () => {
  const attempt = login(workshop.dialer(), workshop.identityFile, keyless.target);
  expect(await attempt.catch(({ message }) => message)).toEndWith("; it only accepts password");
});

test("without a home, a named key and a pinned host key are enough", async () => {
  const dialer = workshop.dialer({ operator: { user } });
  expect(await login(dialer, workshop.identityFile)).toBe("in");
  expect(login(dialer)).rejects.toMatchObject({ code: "auth" });
});

test("the agent, without asking for a passphrase", async () => {
  const plain = workshop.makeKey("held", "ed25519");
  workshop.authorize(plain);
  renameSync(plain, `${plain}.unlocked`);
  await withAgent([`${plain}.unlocked`], async (agentSocket) => {
    const dialer = workshop.dialer({ operator: { home: workshop.home, user, agentSocket } });
    expect(await login(dialer)).toBe("in");
  });
});

test("a named key comes first, though the agent holds many others", async () => {
  const others = Array.from({ length: 7 }, (_, index) => workshop.makeKey(`other-${index}`, "ed25519"));
  await withAgent([...others, workshop.identityFile], async (agentSocket) => {
    const dialer = workshop.dialer({ operator: { home: workshop.home, user, agentSocket } });
    expect(await login(dialer, workshop.identityFile)).toBe("in");
    expect(login(dialer)).rejects.toMatchObject({
      code: "auth",
      message: expect.stringContaining("none of these: agent (8 keys)"),
    });
    writeFileSync(`${workshop.home}/.ssh/config`, `IdentitiesOnly yes\nIdentityFile ${stranger}\n`);
    const limited = workshop.dialer({ operator: { home: workshop.home, user, agentSocket } });
    expect(await login(limited).catch(({ message }) => message)).toEndWith(`none of these: ${stranger}`);
  });
});

test("an agent that is gone is told, and the files tried", async () => {
  const operator = { home: workshop.home, user, agentSocket: `${workshop.folder}/no-agent` };
  expect(await login(workshop.dialer({ operator }), workshop.identityFile)).toBe("in");
  expect(login(workshop.dialer({ operator }), stranger)).rejects.toThrow("no-agent (does not answer)");
});
