import { beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { version } from "../package.json";

const folder = mkdtempSync(join(tmpdir(), "waifuctl-compiled-"));
const binary = join(folder, "waifuctl");
const root = join(import.meta.dir, "..");

beforeAll(async () => {
  const build = Bun.spawn(["sh", ".ci/compile.sh", "src/main.ts", binary], { cwd: root, stdout: "ignore" });
  expect(await build.exited).toBe(0);
}, 60_000);

async function run(argv: string[], env: Record<string, string> = {}) {
  const child = Bun.spawn([binary, ...argv], {
    cwd: folder,
    env,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr, exitCode] = await Promise.all([
    child.stdout.text(),
    child.stderr.text(),
    child.exited,
  ]);
  return { stdout, stderr, exitCode };
}

describe("the compiled binary", () => {
  test("needs no HOME, no PATH, no environment at all", async () => {
    expect(await run(["--version"])).toEqual({ stdout: `${version}\n`, stderr: "", exitCode: 0 });
    expect((await run(["--help"])).stdout).toContain("Usage: waifuctl");
  });

  test("heeds neither .env nor bunfig.toml of the folder it is called in", async () => {
    await Bun.write(join(folder, ".env"), "FORCE_COLOR=1\n");
    await Bun.write(join(folder, "bunfig.toml"), 'preload = ["./preload.ts"]\n');
    await Bun.write(join(folder, "preload.ts"), 'console.log("preloaded");\n');
    const { stdout } = await run(["--help"]);
    expect(stdout).not.toContain("preloaded");
    expect(stdout).not.toContain("\x1b");
    // The same, asked for in earnest: the check above can fail.
    expect((await run(["--help"], { FORCE_COLOR: "1" })).stdout).toContain("\x1b");
  });

  test("loads every command that its table names", async () => {
    const { commandTable } = await import("../src/commands/command-table.ts");
    for (const entry of commandTable.commands) {
      const commands =
        "commands" in entry ? entry.commands.map(({ name }) => [entry.name, name]) : [[entry.name]];
      for (const words of commands) {
        const { stdout, stderr, exitCode } = await run([...words, "--help"]);
        expect([stderr, exitCode]).toEqual(["", 0]);
        expect(stdout).toContain(`Usage: waifuctl ${words.join(" ")} [FLAGS]`);
        expect(stdout).toContain("Examples:\n");
      }
    }
  });
});
