import { expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { once, repeatable } from "../../src/command.ts";
import { toScript } from "../../src/ssh/quote.ts";
import { type StageResult, type Stages, toStageScript } from "../../src/ssh/stage-script.ts";
import { hostileWords } from "./hostile-words.ts";

function runStages(shell: string, stages: Stages): StageResult[] {
  const { command, read } = toStageScript(stages);
  const { stdout } = spawnSync(shell, ["-c", toScript(command)], { input: String(command.stdin) });
  // As a slow link would bring it.
  const results = [...stdout].flatMap((byte) => read(Buffer.from([byte])));
  return results.sort((a, b) => a.stage - b.stage || a.step - b.step || a.command - b.command);
}

const exits = (results: readonly StageResult[]) =>
  results.map(({ stage, step, command, exitCode }) => [stage, step, command, exitCode]);

for (const shell of ["sh", "dash", "bash"]) {
  test(`${shell}: a command that fails ends its step, and no stage follows`, () => {
    const fails = repeatable(["sh", "-c", "echo out; echo err >&2; exit 3"]);
    const results = runStages(shell, [
      [[repeatable(["true"]), repeatable(["true"])]],
      [
        [fails, repeatable(["true"])],
        [repeatable(["true"]), repeatable(["true"])],
      ],
      [[repeatable(["true"])]],
    ]);
    expect(exits(results)).toEqual([
      [0, 0, 0, 0],
      [0, 0, 1, 0],
      [1, 0, 0, 3],
      [1, 1, 0, 0],
      [1, 1, 1, 0],
    ]);
    expect(results[2]?.stderr).toBe("err");
    expect(results[4]?.stderr).toBe("");
  });

  test(`${shell}: words and bytes arrive as they are, and the steps of a stage run at once`, () => {
    const folder = mkdtempSync(join(tmpdir(), "waifuctl-stages-"));
    const [bytes, words] = [join(folder, "bytes"), join(folder, "words")];
    const every = Uint8Array.from({ length: 70_000 }, (_, index) => index % 256);
    const meet = (mine: string, other: string) =>
      repeatable(["sh", "-c", 'touch "$1"; until [ -e "$2" ]; do sleep 0.01; done', "sh", mine, other]);
    try {
      const results = runStages(shell, [
        [
          [repeatable(["dd", `of=${bytes}`], { stdin: every })],
          [
            repeatable(["printf", "<%s>", ...hostileWords], { pipeTo: [["tee", words]] }),
            repeatable(["exit", "0"]),
          ],
          [meet(join(folder, "a"), join(folder, "b"))],
          [meet(join(folder, "b"), join(folder, "a"))],
        ],
      ]);
      // No builtin in a program's stead.
      expect(exits(results)).toEqual([
        [0, 0, 0, 0],
        [0, 1, 0, 0],
        [0, 1, 1, 127],
        [0, 2, 0, 0],
        [0, 3, 0, 0],
      ]);
      expect(new Uint8Array(readFileSync(bytes))).toEqual(every);
      expect(readFileSync(words, "utf8")).toBe(hostileWords.map((word) => `<${word}>`).join(""));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}

test("of a long complaint the end is told, also when many complain at once", () => {
  const complains = once(["sh", "-c", "seq 100000 >&2; printf ün >&2; exit 1"]);
  const results = runStages("sh", [Array.from({ length: 8 }, () => [complains])]);
  expect(results).toHaveLength(8);
  for (const { stderr } of results) expect(stderr).toEndWith("99999\n100000\nün");
});

test("it is as patient as its slowest steps together", () => {
  const lasting = (timeoutMs: number) => once(["x"], { timeoutMs });
  const stages = [[[lasting(1), lasting(2)], [lasting(2)]], [[lasting(4)]]];
  expect(toStageScript(stages).command).toMatchObject({ timeoutMs: 7, repeatable: false });
});

test("a file of the operator's is refused", () => {
  expect(() => toStageScript([[[once(["cat"], { stdin: { path: "/x" } })]]])).toThrow("operator");
});
