import { afterAll, beforeEach, expect, test } from "bun:test";
import { once as event } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { repeatable } from "../../src/command.ts";
import type { SshTarget } from "../../src/config/cluster-config.ts";
import { connectNode } from "../../src/ssh/connect-node.ts";
import { openWorkshop, startSshd } from "./sshd.ts";

const workshop = openWorkshop();
const [node, jump, second] = await Promise.all([
  startSshd(workshop),
  startSshd(workshop),
  startSshd(workshop),
]);
const config = `${workshop.home}/.ssh/config`;
const knownHosts = `${workshop.home}/.ssh/known_hosts`;

afterAll(async () => {
  await Promise.all([node.stop(), jump.stop(), second.stop()]);
  workshop.remove();
});
beforeEach(() => {
  writeFileSync(config, `IdentityFile ${workshop.identityFile}\n`);
  writeFileSync(
    knownHosts,
    [jump, second].map(({ port, hostKey }) => `[127.0.0.1]:${port} ${hostKey}\n`).join(""),
  );
});

const connect = (target: SshTarget) =>
  connectNode(workshop.dialer({ timeoutMs: 1_000 }), { name: "alpha", ssh: target });

async function failure(target: SshTarget): Promise<unknown> {
  return connect(target).then(
    (runner) => runner.close(),
    (error: unknown) => error,
  );
}

/** The port of the peer as the node's sshd sees it: which machine the connection came from. */
async function cameFrom(target: SshTarget): Promise<number> {
  const runner = await connect(target);
  const { stdout } = await runner.run(repeatable(["sh", "-c", "echo $SSH_CONNECTION"]));
  await runner.close();
  return Number(stdout.split(" ")[3]);
}

test("nobody listens, no such host, no answer", async () => {
  const silent = createServer().listen(0, "127.0.0.1");
  await event(silent, "listening");
  const address = silent.address();
  const port = typeof address === "object" ? (address?.port ?? 0) : 0;
  expect(await failure({ ...node.target, port })).toMatchObject({
    code: "unreachable",
    node: "alpha",
    message: expect.stringContaining("Timed out during the SSH handshake"),
  });
  silent.close();
  expect(await failure({ ...node.target, port: 1 })).toMatchObject({
    code: "unreachable",
    message: expect.stringMatching(/cannot reach node "alpha" \(.*@127\.0\.0\.1:1\): connection refused/),
    hint: expect.stringContaining("ssh -v -p 1"),
  });
  expect(await failure({ ...node.target, address: "no-such-host.invalid" })).toMatchObject({
    code: "unreachable",
    message: expect.stringMatching(/no such host name|could not be looked up/),
  });
});

test("something that is no SSH server", async () => {
  const web = createServer((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")).listen(0, "127.0.0.1");
  await event(web, "listening");
  const address = web.address();
  const port = typeof address === "object" ? (address?.port ?? 0) : 0;
  expect(await failure({ ...node.target, port })).toMatchObject({ code: "unreachable" });
  web.close();
}, 20_000);

test("a server whose algorithms we lack is told so", async () => {
  const old = await startSshd(workshop, { options: ["KexAlgorithms=diffie-hellman-group14-sha256"] });
  expect(await failure(old.target)).toMatchObject({
    code: "unreachable",
    message: expect.stringContaining("offers no key exchange algorithm that waifuctl speaks"),
  });
  const chacha = await startSshd(workshop, { options: ["Ciphers=chacha20-poly1305@openssh.com"] });
  const result = await failure(chacha.target);
  if (result !== undefined)
    expect(result).toMatchObject({ message: expect.stringContaining("cipher that waifuctl") });
  await Promise.all([old.stop(), chacha.stop()]);
});

test("an alias of ~/.ssh/config", async () => {
  writeFileSync(
    config,
    `Host alpha-alias\n HostName 127.0.0.1\n Port ${jump.port}\n IdentityFile ${workshop.identityFile}\n`,
  );
  expect(await cameFrom({ address: "alpha-alias" })).toBe(jump.port);
});

test("through a jump host, whose key is checked as well", async () => {
  const target = { ...node.target, jumpHost: `127.0.0.1:${jump.port}` };
  expect(await cameFrom(target)).toBe(node.port);
  writeFileSync(knownHosts, "");
  expect(await failure(target)).toMatchObject({
    code: "host-key",
    message: expect.stringContaining(`jump host root@127.0.0.1:${jump.port} is not known`),
    hint: expect.stringContaining(`ssh -p ${jump.port}`),
  });
});

test("through a chain, and by what ~/.ssh/config says of each link", async () => {
  writeFileSync(
    config,
    [
      `IdentityFile ${workshop.identityFile}`,
      `Host first\n HostName 127.0.0.1\n Port ${jump.port}`,
      `Host second\n HostName 127.0.0.1\n Port ${second.port}\n ProxyJump first`,
    ].join("\n"),
  );
  expect(await cameFrom({ ...node.target, jumpHost: "first,second" })).toBe(node.port);
  expect(await cameFrom({ ...node.target, jumpHost: "second" })).toBe(node.port);
  await jump.stop();
  expect(await failure({ ...node.target, jumpHost: "second" })).toMatchObject({
    code: "unreachable",
    message: expect.stringContaining(
      `cannot reach jump host root@127.0.0.1:${jump.port}: connection refused`,
    ),
  });
});

test("jump hosts in a circle", async () => {
  writeFileSync(config, "Host a\n ProxyJump b\nHost b\n ProxyJump a\n");
  expect(await failure({ address: "a" })).toMatchObject({
    code: "config",
    message: expect.stringContaining("circle"),
  });
});

test("a jump host that is its own jump host", async () => {
  writeFileSync(config, "Host *.lab\n ProxyJump gate.lab\n");
  expect(await failure({ address: "a.lab" })).toMatchObject({ code: "config" });
});

test("a node behind a jump host that refuses leaves no connection behind", async () => {
  const target = { ...node.target, jumpHost: `127.0.0.1:${second.port}` };
  const stranger = workshop.makeKey("stranger", "ed25519");
  expect(await failure({ ...target, identityFile: stranger })).toMatchObject({ code: "auth", node: "alpha" });
  expect(await failure({ ...target, port: 1 })).toMatchObject({ code: "unreachable", node: "alpha" });
  while (await isConnected(second.pid)) await new Promise(setImmediate);
});

/** sshd forks for every connection. */
async function isConnected(pid: number): Promise<boolean> {
  return (await Bun.file(`/proc/${pid}/task/${pid}/children`).text()).trim() !== "";
}

test("thirty logins at once, though sshd drops what is above ten", async () => {
  const dialer = workshop.dialer();
  const runners = await Promise.all(
    Array.from({ length: 30 }, () => connectNode(dialer, { name: "alpha", ssh: node.target })),
  );
  expect(runners).toHaveLength(30);
  await Promise.all(runners.map((runner) => runner.close()));
}, 20_000);

test("a server that drops half of the pending logins is asked again", async () => {
  const busy = await startSshd(workshop, { options: ["MaxStartups=2:50:20"] });
  const dialer = workshop.dialer();
  const runners = await Promise.all(
    Array.from({ length: 12 }, () => connectNode(dialer, { name: "alpha", ssh: busy.target })),
  );
  await Promise.all(runners.map((runner) => runner.close()));
  await busy.stop();
}, 20_000);
