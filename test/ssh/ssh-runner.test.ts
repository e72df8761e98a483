import { afterAll, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { once, repeatable } from "../../src/command.ts";
import { connectNode } from "../../src/ssh/connect-node.ts";
import type { Runner } from "../../src/ssh/runner.ts";
import { runnerContract, sleeper, startedPid } from "./runner-contract.ts";
import { openWorkshop, type Sshd, startSshd } from "./sshd.ts";

const workshop = openWorkshop();
const sshd = await startSshd(workshop);
afterAll(async () => {
  await sshd.stop();
  workshop.remove();
});

const connect = (server: Sshd): Promise<Runner> =>
  connectNode(workshop.dialer(), { name: "alpha", ssh: server.target });

runnerContract("a node over SSH", async () => ({
  folder: workshop.folder,
  open: (become, onCommand) =>
    connectNode(workshop.dialer(), { name: "alpha", ssh: sshd.target, become }, onCommand),
}));

/** The sshd that serves the session in which a program runs: its parent, for the login shell is replaced by it. */
function sessionOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/status`, "utf8").match(/^PPid:\s+(\d+)/m)?.[1]);
}

test("a link that dies leaves the outcome unknown, and what comes later undone", async () => {
  const runner = await connect(sshd);
  const path = `${workshop.folder}/lost`;
  const [run, talk] = [runner.run(sleeper(path)), await runner.start(once(["cat"]))];
  const pid = await startedPid(path);
  process.kill(sessionOf(pid), "SIGKILL");
  expect(await run.catch((error) => error)).toMatchObject({ code: "outcome-unknown", node: "alpha" });
  expect(await talk.exited.catch((error) => error)).toMatchObject({ code: "outcome-unknown" });
  expect(await runner.run(repeatable(["true"])).catch((error) => error)).toMatchObject({
    code: "unreachable",
  });
  expect(await runner.forward("127.0.0.1", 22).catch((error) => error)).toMatchObject({
    code: "unreachable",
  });
  await runner.close();
  process.kill(pid, "SIGKILL");
});

test("100 MB of stdin, and as much of stdout", async () => {
  const runner = await connect(sshd);
  const path = `${workshop.folder}/big`;
  const bytes = Buffer.alloc(100 << 20, createHash("sha256").update("seed").digest());
  writeFileSync(path, bytes);
  const { stdout } = await runner.run(repeatable(["sha256sum"], { stdin: { path } }));
  expect(stdout).toBe(`${createHash("sha256").update(bytes).digest("hex")}  -\n`);
  const zeros = await runner.run(repeatable(["head", "-c", `${100 << 20}`, "/dev/zero"]));
  expect(zeros.stdout.length).toBe(100 << 20);
  await runner.close();
}, 30_000);

test("a server that allows few sessions is given few at a time", async () => {
  const strict = await startSshd(workshop, { options: ["MaxSessions=2"] });
  const runner = await connect(strict);
  const runs = Array.from({ length: 12 }, (_, index) => runner.run(repeatable(["echo", `${index}`])));
  expect((await Promise.all(runs)).map(({ stdout }) => Number(stdout))).toEqual(
    runs.map((_, index) => index),
  );
  await runner.close();
  await strict.stop();
}, 20_000);

test("what the login shell says first is no part of the output", async () => {
  const options = ['ForceCommand=printf hi; printf "hi\\nthere" >&2; eval "$SSH_ORIGINAL_COMMAND"'];
  const noisy = await startSshd(workshop, { options });
  const runner = await connect(noisy);
  const result = { exitCode: 0, stdout: "out\n", stderr: "err\n" };
  expect(await runner.run(repeatable(["sh", "-c", "echo out; echo err >&2"]))).toEqual(result);
  await runner.close();
  await noisy.stop();
});

test("a user without a usable login shell", async () => {
  const closed = await startSshd(workshop, {
    options: ["ForceCommand=echo This account is not available; exit 0"],
  });
  const runner = await connect(closed);
  expect(await runner.run(repeatable(["true"])).catch((error) => error)).toMatchObject({
    code: "remote-failed",
    message: expect.stringContaining("the login shell ran nothing: This account is not available"),
  });
  await runner.close();
  await closed.stop();
});
