import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { once as event } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import { once, repeatable } from "../../src/command.ts";
import { WaifuError } from "../../src/errors.ts";
import type { CommandEvent } from "../../src/ssh/node-runner.ts";
import type { Runner } from "../../src/ssh/runner.ts";
import { hostileWords } from "./hostile-words.ts";

export type Subject = {
  /** A folder to write in, the same here and on the node. */
  readonly folder: string;
  open(become?: "sudo", onCommand?: (event: CommandEvent) => void): Promise<Runner>;
};

/** A command that writes its process's number to a file and then goes on for a minute. */
export function sleeper(path: string, timeoutMs = 60_000) {
  return once(["sh", "-c", 'echo $$ >"$1"; sleep 60; echo survived >"$1"', "sh", path], { timeoutMs });
}

/** Waits for a sleeper to have started and gives its process's number. */
export async function startedPid(path: string): Promise<number> {
  for (;;) {
    if (existsSync(path)) {
      const pid = Number(readFileSync(path, "utf8"));
      if (pid > 0) return pid;
    }
    await new Promise(setImmediate);
  }
}

export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

/** Waits for their end: what closed its files is in /proc for a moment yet. */
async function gone(...pids: readonly number[]): Promise<void> {
  while (pids.some(isAlive)) await new Promise(setImmediate);
}

/** What every Runner does, whatever is in between. */
export function runnerContract(name: string, prepare: () => Promise<Subject>): void {
  describe(name, () => {
    let subject: Subject;
    let runner: Runner;
    const events: CommandEvent[] = [];
    beforeAll(async () => {
      subject = await prepare();
      runner = await subject.open(undefined, (seen) => events.push(seen));
    });
    afterAll(() => runner.close());

    test("gives exit status, output and errors", async () => {
      const argv = ["sh", "-c", "echo out; echo err >&2; exit 3"] as const;
      expect(await runner.run(repeatable(argv))).toEqual({ exitCode: 3, stdout: "out\n", stderr: "err\n" });
    });

    test("a program that isn't there is 127, one that a signal ended 128 + n", async () => {
      expect(await runner.run(repeatable(["no-such-program"]))).toMatchObject({ exitCode: 127 });
      expect(await runner.run(once(["sh", "-c", "kill -9 $$"]))).toMatchObject({ exitCode: 137 });
    });

    test("hands hostile words over unchanged", async () => {
      const { stdout } = await runner.run(repeatable(["printf", "<%s>", ...hostileWords]));
      expect(stdout).toBe(hostileWords.map((word) => `<${word}>`).join(""));
    });

    test("pipes", async () => {
      const command = repeatable(["seq", "100"], {
        pipeTo: [
          ["grep", "9"],
          ["tail", "-n", "1"],
        ],
      });
      expect(await runner.run(command)).toMatchObject({ exitCode: 0, stdout: "99\n" });
    });

    test("without stdin a program reads an end of file", async () => {
      expect(await runner.run(repeatable(["cat"]))).toEqual({ exitCode: 0, stdout: "", stderr: "" });
    });

    test("stdin from a string, bytes and a file", async () => {
      const bytes = Uint8Array.from({ length: 3 << 20 }, (_, index) => (index * 7919) >> 3);
      const path = `${subject.folder}/stdin`;
      writeFileSync(path, bytes);
      const digest = `${createHash("sha256").update(bytes).digest("hex")}  -\n`;
      expect(await runner.run(repeatable(["cat"], { stdin: "ä\0\r\n" }))).toMatchObject({
        stdout: "ä\0\r\n",
      });
      expect(await runner.run(repeatable(["sha256sum"], { stdin: bytes }))).toMatchObject({ stdout: digest });
      expect(await runner.run(repeatable(["sha256sum"], { stdin: { path } }))).toMatchObject({
        stdout: digest,
      });
    });

    test("a missing file for stdin runs nothing", async () => {
      const path = `${subject.folder}/not-made`;
      const command = once(["touch", path], { stdin: { path: "/no/such/file" } });
      expect(runner.run(command)).rejects.toMatchObject({ code: "not-found" });
      expect(existsSync(path)).toBe(false);
    });

    test("a program may end without reading its stdin", async () => {
      const command = repeatable(["true"], { stdin: { path: "/dev/zero" } });
      expect(await runner.run(command)).toMatchObject({ exitCode: 0 });
    });

    test("big output on both streams at once", async () => {
      const { stdout, stderr } = await runner.run(
        repeatable(["sh", "-c", "seq 600000 & seq 600000 >&2; wait"]),
      );
      expect(stdout.length).toBe(4_088_895);
      expect(stderr).toBe(stdout);
    });

    test("many commands in one go", async () => {
      const results = await runner.runAll([
        repeatable(["printf", "<%s>", ...hostileWords]),
        repeatable(["false"]),
        repeatable(["sh", "-c", "echo err >&2"]),
      ]);
      expect(results.map(({ exitCode }) => exitCode)).toEqual([0, 1, 0]);
      expect(results[0]?.stdout).toBe(hostileWords.map((word) => `<${word}>`).join(""));
      expect(results[2]).toEqual({ exitCode: 0, stdout: "", stderr: "err\n" });
      expect(await runner.runAll([])).toEqual([]);
    });

    test("a batch whose shell is killed is no success", async () => {
      const commands = [repeatable(["true"]), once(["sh", "-c", "kill -9 $PPID $$"]), repeatable(["true"])];
      expect(runner.runAll(commands)).rejects.toMatchObject({ code: "outcome-unknown" });
    });

    test("stages in one go, each command told at its end", async () => {
      const stages = [
        [[repeatable(["cat"], { stdin: "words" })], [repeatable(["true"])]],
        [[repeatable(["false"])]],
      ];
      const ended: string[] = [];
      await runner.runStages(stages, ({ stage, step, exitCode }) =>
        ended.push(`${stage} ${step}: ${exitCode}`),
      );
      expect(ended.slice(0, 2).sort()).toEqual(["0 0: 0", "0 1: 0"]);
      expect(ended.slice(2)).toEqual(["1 0: 1"]);
    });

    test("stages whose shell is killed are no success", async () => {
      const stages = [[[once(["sh", "-c", 'kill -s KILL -- "-$(ps -o pgid= -p $$ | tr -d " ")"'])]]];
      expect(runner.runStages(stages, () => {})).rejects.toMatchObject({ code: "outcome-unknown" });
    });

    test("an abort ends what a stage started", async () => {
      const path = `${subject.folder}/stage-${name}`;
      const abort = new AbortController();
      const running = runner.runStages([[[sleeper(path)], [repeatable(["true"])]]], () => {}, abort.signal);
      const pid = await startedPid(path);
      abort.abort();
      await expect(running).rejects.toMatchObject({ code: "interrupted" });
      await gone(pid);
    });

    test("two hundred at once all succeed", async () => {
      const results = await Promise.all(
        Array.from({ length: 200 }, (_, index) => runner.run(repeatable(["echo", `${index}`]))),
      );
      expect(results.map(({ stdout }) => Number(stdout))).toEqual(results.map((_, index) => index));
    }, 20_000);

    test("the deadline stops the program and leaves the outcome unknown", async () => {
      const path = `${subject.folder}/deadline`;
      const run = runner.run(sleeper(path, 400));
      const pid = await startedPid(path);
      expect(await run.catch((error) => error)).toMatchObject({
        code: "outcome-unknown",
        hint: "It was stopped there.",
      });
      await gone(pid);
    });

    test("an abort stops the program and all that it started", async () => {
      const path = `${subject.folder}/abort`;
      const abort = new AbortController();
      const run = runner.run({ ...sleeper(path), pipeTo: [["cat"]] }, abort.signal);
      const pid = await startedPid(path);
      const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8")
        .trim()
        .split(" ")
        .map(Number);
      abort.abort();
      expect(await run.catch((error) => error)).toMatchObject({ code: "interrupted", node: runner.node });
      await gone(pid, ...children);
    });

    test("an abort that tells its reason, such as a lost lock, fails with that", async () => {
      const path = `${subject.folder}/reason`;
      const abort = new AbortController();
      const run = runner.run(sleeper(path), abort.signal);
      const pid = await startedPid(path);
      abort.abort(new WaifuError("outcome-unknown", "the lock was lost"));
      expect(await run.catch((error) => error)).toMatchObject({
        code: "outcome-unknown",
        message: expect.stringContaining("the lock was lost: "),
      });
      await gone(pid);
    });

    test("an abort before the start runs nothing", async () => {
      const path = `${subject.folder}/never`;
      const run = runner.run(once(["touch", path]), AbortSignal.abort());
      expect(run).rejects.toMatchObject({ code: "interrupted" });
      expect(existsSync(path)).toBe(false);
    });

    test("a program that ignores TERM is killed", async () => {
      const path = `${subject.folder}/stubborn`;
      const abort = new AbortController();
      const stubborn = once([
        "sh",
        "-c",
        `trap '' TERM; echo $$ >"$1"; while :; do sleep 1; done`,
        "sh",
        path,
      ]);
      const run = runner.run(stubborn, abort.signal);
      const pid = await startedPid(path);
      abort.abort();
      expect(await run.catch((error) => error)).toMatchObject({ code: "interrupted" });
      await gone(pid);
    }, 10_000);

    test("sudo: environment, words, pipes, and stopping", async () => {
      const root = await subject.open("sudo");
      const words = repeatable(["sh", "-c", 'echo "$LC_ALL $(id -u) $1"', "sh", "a 'b'"]);
      expect(await root.run(words)).toMatchObject({ stdout: "C 0 a 'b'\n" });
      expect(await root.run({ ...words, pipeTo: [["tr", "a", "z"]] })).toMatchObject({
        stdout: "C 0 z 'b'\n",
      });
      expect(await root.runAll([words, words])).toHaveLength(2);
      const path = `${subject.folder}/sudo`;
      const run = root.run(sleeper(path, 500));
      const pid = await startedPid(path);
      expect(await run.catch((error) => error)).toMatchObject({
        code: "outcome-unknown",
        hint: "It was stopped there.",
      });
      await gone(pid);
      await root.close();
    }, 10_000);

    test("a conversation", async () => {
      const cat = await runner.start(repeatable(["sed", "-u", "s/^/you said /"]));
      const lines = createInterface({ input: cat.stream });
      cat.stream.write("hello\n");
      expect(await event(lines, "line")).toEqual(["you said hello"]);
      cat.stream.end("bye\n");
      expect(await event(lines, "line")).toEqual(["you said bye"]);
      expect(await cat.exited).toBe(0);
    });

    test("a terminal has a size, and can be resized", async () => {
      const shell = await runner.start(
        repeatable(["sh", "-c", `trap 'stty size; exit 5' WINCH; stty size; while :; do sleep 0.05; done`]),
        { columns: 90, rows: 30 },
      );
      const lines = createInterface({ input: shell.stream });
      expect(await event(lines, "line")).toEqual(["30 90"]);
      shell.resize({ columns: 91, rows: 31 });
      expect(await event(lines, "line")).toEqual(["31 91"]);
      expect(await shell.exited).toBe(5);
    });

    test("closing a terminal hangs up on its program", async () => {
      const path = `${subject.folder}/terminal`;
      const shell = await runner.start(sleeper(path), { columns: 80, rows: 24 });
      const pid = await startedPid(path);
      shell.close();
      await gone(pid);
    });

    test("forwards to an address that the node can reach", async () => {
      const server = createServer((socket) => socket.pipe(socket)).listen(0, "127.0.0.1");
      await event(server, "listening");
      const address = server.address();
      const port = typeof address === "object" ? (address?.port ?? 0) : 0;
      const stream = await runner.forward("127.0.0.1", port);
      stream.write("echo");
      expect(String((await event(stream, "data"))[0])).toBe("echo");
      stream.end();
      server.close();
      await event(server, "close");
      expect(runner.forward("127.0.0.1", port)).rejects.toMatchObject({ code: "unreachable" });
    });

    test("tells of each command, never of its stdin", async () => {
      events.length = 0;
      await runner.run(repeatable(["sh", "-c", "exit 4"], { stdin: "secret" }));
      await runner.runAll([repeatable(["true"]), repeatable(["false"])]);
      await runner.run(once(["sleep", "9"], { timeoutMs: 50 })).catch(() => {});
      expect(events.map(({ argv, exitCode }) => [argv[0], exitCode])).toEqual([
        ["sh", 4],
        ["true", 0],
        ["false", 1],
        ["sleep", undefined],
      ]);
      expect(JSON.stringify(events)).not.toContain("secret");
    });
  });
}
