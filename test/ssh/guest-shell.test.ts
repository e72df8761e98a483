import { afterAll, expect, test } from "bun:test";
import { once as event } from "node:events";
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { connectNode } from "../../src/ssh/connect-node.ts";
import { type GuestLogin, openGuestShell } from "../../src/ssh/guest-shell.ts";
import { peekHostKey } from "../../src/ssh/handshake.ts";
import type { HostKey } from "../../src/ssh/host-key.ts";
import { openWorkshop, startSshd } from "./sshd.ts";

const workshop = openWorkshop();
const [node, guest] = await Promise.all([startSshd(workshop), startSshd(workshop)]);
const dialer = workshop.dialer();
const runner = await connectNode(dialer, { name: "alpha", ssh: node.target });
afterAll(async () => {
  await runner.close();
  await Promise.all([node.stop(), guest.stop()]);
  workshop.remove();
});

const isGuest = (key: HostKey): void => {
  if (`${key.type} ${key.base64}` !== guest.hostKey) throw new Error("another key");
};
const login = async (more: Partial<GuestLogin> = {}): Promise<GuestLogin> => ({
  stream: await runner.forward("127.0.0.1", guest.port),
  instance: "blue-cat",
  user: "root",
  identityFile: workshop.identityFile,
  checkHostKey: isGuest,
  ...more,
});

test("a command for the guest's shell, with its exit status and its errors apart", async () => {
  const shell = await openGuestShell(
    dialer,
    await login({ command: ["echo", "$((6 * 7));", "ls /none; exit 3"] }),
  );
  shell.stream.end();
  const [stdout, stderr] = await Promise.all([text(shell.stream), text(shell.stderr ?? Readable.from([]))]);
  expect(stdout).toBe("42\n");
  expect(stderr).toContain("/none");
  expect(await shell.exited).toBe(3);
});

test("a login shell without a terminal", async () => {
  const shell = await openGuestShell(dialer, await login());
  shell.stream.end("echo $((6 * 7)); exit 4\n");
  expect(await text(shell.stream)).toBe("42\n");
  expect(await shell.exited).toBe(4);
});

test("a terminal with a size", async () => {
  const terminal = { columns: 101, rows: 31 };
  const shell = await openGuestShell(dialer, await login({ terminal, command: ["stty", "size"] }));
  expect(await event(createInterface({ input: shell.stream }), "line")).toEqual(["31 101"]);
  expect(await shell.exited).toBe(0);
});

test("the wrong host key, and the wrong key of ours", async () => {
  const stranger = workshop.makeKey("stranger", "ed25519");
  expect(openGuestShell(dialer, await login({ identityFile: stranger }))).rejects.toMatchObject({
    code: "auth",
    message: `instance "blue-cat" (as root) lets us in with none of these: ${stranger}`,
  });
  const refuse = (): void => {
    throw new Error("another key");
  };
  expect(openGuestShell(dialer, await login({ checkHostKey: refuse }))).rejects.toThrow("another key");
});

test("a guest that goes away leaves the outcome unknown", async () => {
  const stream = await runner.forward("127.0.0.1", guest.port);
  const shell = await openGuestShell(dialer, await login({ stream, command: ["sleep", "60"] }));
  stream.destroy();
  expect(await shell.exited.catch(({ code }) => code)).toBe("outcome-unknown");
});

test("whose sshd answers is seen without logging in", async () => {
  const key = await peekHostKey(await runner.forward("127.0.0.1", guest.port), 2_000);
  expect(isGuest(key)).toBeUndefined();
  const silent = createServer().listen(0, "127.0.0.1");
  await event(silent, "listening");
  const address = silent.address();
  const port = typeof address === "object" ? (address?.port ?? 0) : 0;
  expect(peekHostKey(await runner.forward("127.0.0.1", port), 200)).rejects.toThrow("Timed out");
  silent.close();
});
