import { expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { once, repeatable } from "../../src/command.ts";
import { quote, toScript, toShellLine } from "../../src/ssh/quote.ts";
import { hostileWords } from "./hostile-words.ts";

const shells = ["sh", "dash", "bash"];
const print = (words: readonly string[]) => repeatable(["printf", "<%s>\\n", ...words]);
const printed = hostileWords.map((word) => `<${word}>\n`).join("");

function runIn(shell: string, line: string): { stdout: string; stderr: string; status: number | null } {
  return spawnSync(shell, ["-c", line], { encoding: "utf8", env: { PATH: process.env.PATH } });
}

for (const shell of shells) {
  test(`${shell} hands every word over unchanged`, () => {
    expect(runIn(shell, toShellLine(toScript(print(hostileWords)))).stdout).toBe(printed);
  });

  test(`${shell} hands words through a pipe and sudo unchanged`, () => {
    const command = { ...print(hostileWords), pipeTo: [["cat"], ["sed", "-e", "s/^/$/; s/^.//"]] as const };
    const line = toShellLine(toScript(command, "sudo"));
    expect(runIn(shell, line)).toMatchObject({ stdout: printed, status: 0 });
  });
}

test("random words survive", () => {
  const alphabet = [..." '\"\\$`!\n\t*?[]{}()<>|&;#~=-%aZ0é🦊"];
  const random = () =>
    Array.from({ length: 12 }, () => alphabet[Math.floor(Math.random() * alphabet.length)]).join("");
  const words = Array.from({ length: 200 }, random);
  expect(runIn("sh", toShellLine(toScript(print(words)))).stdout).toBe(
    words.map((word) => `<${word}>\n`).join(""),
  );
});

test("a NUL byte is refused", () => {
  expect(() => quote("a\0b")).toThrow("NUL");
});

test("lines are what a person would write", () => {
  expect(toScript(repeatable(["zfs", "list", "-Hp", "tank/a b"])).split("; ")[1]).toBe(
    "exec zfs list -Hp 'tank/a b'",
  );
  expect(toScript(once(["zfs", "set", "a:b=c", "tank"]), "sudo").split("; ")[1]).toBe(
    "exec sudo -n -- zfs set 'a:b=c' tank",
  );
  expect(toScript(once(["a"], { pipeTo: [["b", "c d"]] }), "sudo").split("; ")[1]).toBe(
    "exec sudo -n -- sh -c '(exec a) | (exec b '\\''c d'\\'')'",
  );
});

test("a program never means a shell builtin", () => {
  expect(runIn("sh", toShellLine(toScript(repeatable(["exit", "0"])))).status).toBe(127);
});

test("the environment is C, and the administrator's folders come last in PATH", () => {
  const { stdout } = runIn("bash", toShellLine(toScript(repeatable(["sh", "-c", 'echo "$LC_ALL $PATH"']))));
  expect(stdout).toStartWith(`C ${process.env.PATH}:`);
  expect(stdout).toContain(":/usr/sbin:");
});
