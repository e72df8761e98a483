import { afterAll, expect, test } from "bun:test";
import { once as event } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { connectNode } from "../../src/ssh/connect-node.ts";
import { LocalRunner } from "../../src/ssh/local-runner.ts";
import { lockSequenceCommand, parseLockSequence, takeLock } from "../../src/ssh/node-lock.ts";
import type { Runner } from "../../src/ssh/runner.ts";
import { openWorkshop, startSshd } from "./sshd.ts";

const workshop = openWorkshop();
const sshd = await startSshd(workshop);
const connect = (): Promise<Runner> => connectNode(workshop.dialer(), { name: "alpha", ssh: sshd.target });
const first = await connect();
const second = await connect();
const local = new LocalRunner({ node: "alpha" });
afterAll(async () => {
  await Promise.all([first.close(), second.close()]);
  await sshd.stop();
  workshop.remove();
});

let count = 0;
const freshPath = (): string => `${workshop.folder}/locks/${count++}`;
const mine = (path: string, waitMs = 0) => ({
  owner: "me@here 1 create",
  path,
  waitMs,
  beatMs: 100,
  holdMs: 600,
});
const theirs = (path: string, waitMs = 0) => ({ ...mine(path, waitMs), owner: "them@there 2 delete" });

async function sequenceAt(runner: Runner, path: string): Promise<number> {
  return parseLockSequence(await runner.run(lockSequenceCommand(path)));
}

/** The sshd that serves a runner's session. */
async function sessionOf(runner: Runner): Promise<number> {
  const { stdout } = await runner.run({
    argv: ["sh", "-c", "echo $PPID"],
    timeoutMs: 5_000,
    repeatable: true,
  });
  return Number(stdout);
}

for (const [name, runner] of [
  ["over SSH", first],
  ["here", local],
] as const)
  test(`${name}: one after another, each take and each release raises the sequence`, async () => {
    const path = freshPath();
    expect(await sequenceAt(runner, path)).toBe(0);
    for (const sequence of [0, 2]) {
      const lock = await takeLock(runner, mine(path));
      expect(lock.sequence).toBe(sequence);
      expect(await sequenceAt(runner, path)).toBe(sequence + 1);
      await lock.release();
      expect(await sequenceAt(runner, path)).toBe(sequence + 2);
      expect(lock.lost.aborted).toBe(true);
    }
  });

test("a second holder is told of the first", async () => {
  const path = freshPath();
  const lock = await takeLock(first, mine(path));
  expect(await takeLock(second, theirs(path)).catch((error) => error)).toMatchObject({
    code: "locked",
    node: "alpha",
    message: 'node "alpha" is locked by me@here 1 create',
  });
  expect(await sequenceAt(second, path)).toBe(1);
  await lock.release();
});

test("whoever waits is told for whom, and gets it when it is free", async () => {
  const path = freshPath();
  const lock = await takeLock(first, mine(path));
  const busy = Promise.withResolvers<string>();
  const waiting = takeLock(second, { ...theirs(path, 10_000), onBusy: busy.resolve });
  expect(await busy.promise).toBe("me@here 1 create");
  await lock.release();
  const next = await waiting;
  expect(next.sequence).toBe(2);
  expect(readFileSync(path, "utf8")).toBe("3\nthem@there 2 delete\n");
  await next.release();
});

test("whoever waits may give up, and does not take it later", async () => {
  const path = freshPath();
  const lock = await takeLock(first, mine(path));
  const abort = new AbortController();
  const waiting = takeLock(second, theirs(path, 10_000), abort.signal);
  await sequenceAt(second, path);
  abort.abort();
  expect(await waiting.catch((error) => error)).toMatchObject({ code: "interrupted" });
  await lock.release();
  await (await takeLock(second, theirs(path, 1_000))).release();
});

test("heartbeats keep it past the time that a silent holder has", async () => {
  const path = freshPath();
  const lock = await takeLock(first, mine(path));
  expect(await takeLock(second, theirs(path, 1_500)).catch(({ code }) => code)).toBe("locked");
  expect(lock.lost.aborted).toBe(false);
  await lock.release();
});

test("it is free, and known to be lost, when the holder's link dies", async () => {
  const path = freshPath();
  const doomed = await connect();
  const lock = await takeLock(doomed, mine(path));
  const session = await sessionOf(doomed);
  const lost = event(lock.lost, "abort");
  process.kill(session, "SIGKILL");
  await lost;
  expect(lock.lost.reason).toMatchObject({ code: "outcome-unknown" });
  const next = await takeLock(second, theirs(path, 2_000));
  await next.release();
  await lock.release();
});

test("a holder cut off in silence knows before anyone else can have it", async () => {
  const path = freshPath();
  const doomed = await connect();
  const lock = await takeLock(doomed, mine(path));
  const session = await sessionOf(doomed);
  const waiting = takeLock(second, theirs(path, 5_000));
  const order: string[] = [];
  const seen = Promise.all([
    event(lock.lost, "abort").then(() => order.push("lost")),
    waiting.then(() => order.push("taken")),
  ]);
  process.kill(session, "SIGSTOP");
  await seen;
  expect(order).toEqual(["lost", "taken"]);
  process.kill(session, "SIGKILL");
  await (await waiting).release();
});

test("a node that can't be locked says why", async () => {
  const path = freshPath();
  const lock = await takeLock(first, mine(path));
  await lock.release();
  expect(await takeLock(first, mine(`${path}/below-a-file`)).catch((error) => error)).toMatchObject({
    code: "remote-failed",
    message: expect.stringMatching(/can't be locked: .*(File exists|Not a directory)/),
  });
  writeFileSync(path, "garbage (\n");
  expect(await takeLock(first, mine(path)).catch(({ code }) => code)).toBe("remote-failed");
});
