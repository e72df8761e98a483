import { expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { type Command, type CommandResult, once, repeatable } from "../../src/command.ts";
import { toBatch } from "../../src/ssh/batch.ts";
import { toScript } from "../../src/ssh/quote.ts";
import { hostileWords } from "./hostile-words.ts";

function runBatch(shell: string, commands: readonly Command[]): CommandResult[] {
  const { command, parse } = toBatch(commands);
  const { stdout, stderr, status } = spawnSync(shell, ["-c", toScript(command)], {
    input: String(command.stdin),
    encoding: "utf8",
  });
  return parse({ stdout, stderr, exitCode: status ?? -1 });
}

for (const shell of ["sh", "dash", "bash"]) {
  test(`${shell}: each command keeps its own output, errors and exit status`, () => {
    const results = runBatch(shell, [
      repeatable(["printf", "no newline at the end"]),
      repeatable(["sh", "-c", "echo out; echo err >&2; exit 3"]),
      repeatable(["printf", "<%s>", ...hostileWords]),
      repeatable(["cat"]),
      repeatable(["seq", "3"], { pipeTo: [["tail", "-n", "1"]] }),
      repeatable(["sh", "-c", "kill -9 $$"]),
      repeatable(["exit", "0"]),
      repeatable(["true"]),
    ]);
    expect(results.map(({ exitCode }) => exitCode)).toEqual([0, 3, 0, 0, 0, 137, 127, 0]);
    expect(results.map(({ stdout }) => stdout)).toEqual([
      "no newline at the end",
      "out\n",
      hostileWords.map((word) => `<${word}>`).join(""),
      "",
      "3\n",
      "",
      "",
      "",
    ]);
    expect(results[1]?.stderr).toBe("err\n");
    expect(results[7]?.stderr).toBe("");
  });
}

test("a script longer than any argument may be", () => {
  const word = "x".repeat(1000);
  const commands = Array.from({ length: 300 }, () => repeatable(["printf", "%s", word]));
  const results = runBatch("sh", commands);
  expect(results.length).toBe(300);
  expect(results.every(({ stdout }) => stdout === word)).toBe(true);
});

test("output that imitates a boundary splits nothing", () => {
  const { parse } = toBatch([repeatable(["x"])], "abc");
  const stdout = "\nabd 0\n abc 0\nabc 0 \n\nabc 7\n";
  expect(parse({ stdout, stderr: "\nabc 7\n", exitCode: 0 })).toEqual([
    { stdout: "\nabd 0\n abc 0\nabc 0 \n", stderr: "", exitCode: 7 },
  ]);
});

test("results are missing when the shell ended early", () => {
  const { parse } = toBatch([repeatable(["a"]), repeatable(["b"])], "abc");
  expect(parse({ stdout: "1\n\nabc 0\nhalf", stderr: "\nabc 0\n", exitCode: 137 })).toHaveLength(1);
});

test("it is repeatable when every command is, and as patient as the most patient one", () => {
  expect(toBatch([repeatable(["a"]), once(["b"], { timeoutMs: 600_000 })]).command).toMatchObject({
    repeatable: false,
    timeoutMs: 600_000,
  });
});

test("standard input is refused", () => {
  expect(() => toBatch([once(["a"], { stdin: "x" })])).toThrow("standard input");
});
