import { expect, test } from "bun:test";
import { dirname, join, relative } from "node:path";

const root = join(import.meta.dir, "..");
const transpiler = new Bun.Transpiler({ loader: "ts" });

/** Every module that is loaded before main.ts runs: by import statements only, types gone. */
async function loadedAtStart(file: string, seen = new Set<string>()): Promise<Set<string>> {
  if (seen.has(file)) return seen;
  seen.add(file);
  const imports = file.endsWith(".ts") ? transpiler.scanImports(await Bun.file(join(root, file)).text()) : [];
  for (const { kind, path } of imports) {
    if (kind !== "import-statement") continue;
    const target = path.startsWith(".") ? relative(root, join(root, dirname(file), path)) : path;
    if (path.startsWith(".")) await loadedAtStart(target, seen);
    else seen.add(target);
  }
  return seen;
}

test("help and errors of usage load no command, no adapter and no package", async () => {
  expect([...(await loadedAtStart("src/main.ts"))].sort()).toMatchInlineSnapshot(`
    [
      "node:util",
      "src/commands/arguments.ts",
      "src/commands/command-table.ts",
      "src/commands/define-command.ts",
      "src/commands/help.ts",
      "src/commands/read-flags.ts",
      "src/commands/route.ts",
      "src/commands/run.ts",
      "src/commands/strict-words.ts",
      "src/errors.ts",
      "src/main.ts",
      "src/nearest.ts",
      "src/size.ts",
      "src/terminal/ansi.ts",
      "src/terminal/duration.ts",
      "src/terminal/error-text.ts",
      "src/terminal/json.ts",
      "src/terminal/printable.ts",
      "src/terminal/process-terminal.ts",
      "src/terminal/prompt.ts",
      "src/terminal/terminal-reporter.ts",
      "src/terminal/transfer.ts",
    ]
  `);
});
