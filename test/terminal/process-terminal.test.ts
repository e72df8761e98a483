import { describe, expect, test } from "bun:test";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openPty } from "./pty.ts";

const program = [process.execPath, join(import.meta.dir, "terminal-program.ts")];
const pty = (act: string, options?: Parameters<typeof openPty>[1]) => openPty([...program, act], options);

async function piped(act: string, env: Record<string, string> = {}, input = "") {
  const child = Bun.spawn([...program, act], {
    stdin: new Blob([input]),
    stdout: "pipe",
    stderr: "pipe",
    env,
  });
  const [stdout, stderr, exitCode] = await Promise.all([
    child.stdout.text(),
    child.stderr.text(),
    child.exited,
  ]);
  return { stdout, stderr, exitCode };
}

test("what is piped in is read to its end; on a terminal nothing is", async () => {
  const input = "käse\n".repeat(50_000);
  expect((await piped("input", {}, input)).stdout).toBe(`answer ${JSON.stringify(input)}\n`);
  const file = join(mkdtempSync(join(tmpdir(), "waifu-input-")), "text");
  await Bun.write(file, "from a file");
  const child = Bun.spawn([...program, "input"], { stdin: Bun.file(file) });
  expect(await child.stdout.text()).toBe('answer "from a file"\n');
  await pty("input").shows('answer "somebody"');
});

describe("an editor", () => {
  const file = join(mkdtempSync(join(tmpdir(), "waifu-editor-")), "it's a text");

  test("may be a program with options, and is waited for", async () => {
    await Bun.write(file, "old\n");
    const shell = pty("edit", { env: { FILE: file, EDITOR: "sed -i s/old/new/", VISUAL: "" } });
    expect(await shell.exited).toBe(0);
    expect(await Bun.file(file).text()).toBe("new\n");
  });

  test("that fails is told", async () => {
    const shell = pty("edit", { env: { FILE: file, VISUAL: "false" } });
    await shell.shows("the editor ended with status 1");
  });

  test("needs a terminal", async () => {
    expect((await piped("edit", { FILE: file })).stderr).toContain(
      "no editor can be opened without a terminal",
    );
  });
});

test("nothing to say leaves a file as it is", async () => {
  const file = join(mkdtempSync(join(tmpdir(), "waifu-output-")), "log");
  const script = '(echo before; "$@"; echo after) >"$0"';
  expect(await Bun.spawn(["sh", "-c", script, file, ...program, "nothing"]).exited).toBe(0);
  expect(await Bun.file(file).text()).toBe("before\nafter\n");
});

describe("questions on a terminal", () => {
  test("a line", async () => {
    const shell = pty("ask");
    await shell.shows("Name? ");
    shell.type("käse-1\r");
    await shell.shows('answer "käse-1"');
    expect(await shell.exited).toBe(0);
  });

  test("one after another", async () => {
    const shell = pty("twice");
    await shell.shows("First? ");
    shell.type("a\r");
    await shell.shows("Second? ");
    shell.type("b\r");
    await shell.shows('answer ["a","b"]');
  });

  test.each([
    ["y", true],
    ["YES", true],
    ["", false],
    ["n", false],
    ["yess", false],
  ])("%p to a yes-or-no question is %p", async (typed, answer) => {
    const shell = pty("confirm");
    await shell.shows("Delete it? [y/N] ");
    shell.type(`${typed}\r`);
    await shell.shows(`answer ${answer}`);
  });

  test("a secret is not shown", async () => {
    const shell = pty("secret");
    await shell.shows("Passphrase: ");
    shell.type("hunter2\r");
    await shell.shows("answer ");
    expect(shell.screen.split("answer")[0]).not.toContain("hunter");
    await shell.shows('"hunter2"');
  });

  test.each([
    ["Ctrl-C", "\x03"],
    ["Ctrl-D", "\x04"],
  ])("%s interrupts", async (_name, key) => {
    const shell = pty("ask");
    await shell.shows("Name? ");
    shell.type(key);
    await shell.shows("interrupted: ");
    expect(await shell.exited).toBe(1);
  });

  test("a closed window interrupts", async () => {
    const shell = pty("ask");
    await shell.shows("Name? ");
    shell.hangUp();
    expect(await shell.exited).toBe(1);
  });
});

test.each(["ask", "confirm", "secret"])("%s is refused without a terminal", async (act) => {
  const { stdout, stderr, exitCode } = await piped(act);
  expect([stdout, exitCode]).toEqual(["", 1]);
  expect(stderr).toStartWith("refused: nobody can answer without a terminal");
});

test("the status line is cut to the window, and gives way to lines and questions", async () => {
  const shell = pty("status", { columns: 20 });
  await shell.shows("Sure? ");
  expect(shell.screen).toContain("\r\x1b[2Kworking on somethi…");
  expect(shell.screen).toContain("\r\x1b[2Knote\r\n");
  shell.type("ok\r");
  await shell.shows('answer "ok"');
  expect(shell.screen.slice(shell.screen.lastIndexOf("\x1b[2K"))).toStartWith('\x1b[2Kanswer "ok"');
});

test("a status of several lines is erased whole", async () => {
  const shell = pty("lines", { columns: 20 });
  await shell.shows("Sure? ");
  expect(shell.screen).toContain("\r\x1b[2Kone\r\ntwo\r\x1b[2K\x1b[1A\x1b[2K\r\x1b[2Kthree\r\x1b[2K");
  shell.type("ok\r");
  await shell.shows('answer "ok"');
});

describe("what the outputs are", () => {
  test("a terminal: colour and width", async () => {
    const shell = pty("look", { columns: 100, rows: 30 });
    await shell.shows(
      'answer {"stdout":{"isTTY":true,"color":true,"columns":100},"color":true,"size":{"columns":100,"rows":30}}',
    );
  });

  test("pipes: neither, and FORCE_COLOR is heard", async () => {
    expect((await piped("look")).stdout).toBe(
      'answer {"stdout":{"isTTY":false,"color":false},"color":false}\n',
    );
    expect((await piped("look", { FORCE_COLOR: "1" })).stdout).toContain('"color":true');
  });

  test("NO_COLOR on a terminal", async () => {
    await pty("look", { env: { NO_COLOR: "1" } }).shows('"color":false');
  });
});

describe("what is written", () => {
  test("comes whole through a slow pipe", async () => {
    const child = Bun.spawn(["sh", "-c", '"$0" "$@" | { read -r first; cat | wc -c; }', ...program, "big"]);
    expect((await child.stdout.text()).trim()).toBe(String(19_999 * 1024));
  });

  test("may be cut short by its reader", async () => {
    const script = '{ "$0" "$@"; echo status $? >&2; } | head -c 1';
    const child = Bun.spawn(["sh", "-c", script, ...program, "big"], { stderr: "pipe" });
    expect([await child.stdout.text(), await child.stderr.text()]).toEqual(["x", "status 0\n"]);
  });

  test("that can't be written is an error", async () => {
    const child = Bun.spawn([...program, "look"], { stdout: Bun.file("/dev/full"), stderr: "pipe" });
    expect(await child.stderr.text()).toStartWith("refused: the answer could not be written: ENOSPC");
    expect(await child.exited).toBe(1);
  });

  test("is added to a file, not written over it", async () => {
    const file = join(mkdtempSync(join(tmpdir(), "waifuctl-terminal-")), "out");
    const child = Bun.spawn(
      ["sh", "-c", '{ echo before; "$0" "$@"; echo after; } >"$OUT"', ...program, "look"],
      {
        env: { OUT: file },
      },
    );
    await child.exited;
    expect(await Bun.file(file).text()).toMatch(/^before\nanswer .*\nafter\n$/);
  });
});

describe("attached to a program", () => {
  test("keys go through as they are typed, sizes too, and the terminal is left as it was", async () => {
    const shell = pty("attach");
    await shell.shows("hello");
    shell.type("a");
    await shell.shows("[A]");
    shell.type("\x03");
    await shell.shows("[?]");
    shell.resize(90, 33);
    await shell.shows("size 90x33");
    shell.type("q");
    await shell.shows("bye\r\nanswer 42\r\n");
    expect(await shell.exited).toBe(0);
  });

  test("Ctrl-] leaves", async () => {
    const shell = pty("attach");
    await shell.shows("hello");
    shell.type("\x1d");
    await shell.shows("answer 0");
  });

  test("an abort leaves, and the terminal is as it was", async () => {
    const shell = openPty(["sh", "-c", '"$0" "$@"; stty -a', ...program, "attach"]);
    await shell.shows("hello");
    shell.type("\x14");
    await shell.shows("interrupted: interrupted");
    await shell.shows(" icanon");
  });

  test("piped input ends the conversation", async () => {
    const child = Bun.spawn([...program, "attach"], { stdin: new Blob(["some words"]), stdout: "pipe" });
    expect(await child.stdout.text()).toBe("hello\n[SOME WORDS]bye\nanswer 42\n");
  });
});
