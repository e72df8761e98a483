import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { findBreaches, type Sources } from "./layers.ts";

async function readSources(): Promise<Sources> {
  const root = join(import.meta.dir, "..");
  const files = [...new Bun.Glob("src/**/*.ts").scanSync(root)].sort();
  return Object.fromEntries(
    await Promise.all(files.map(async (file) => [file, await Bun.file(join(root, file)).text()] as const)),
  );
}

test("src keeps to the rules of the house", async () => {
  const sources = await readSources();
  expect(Object.keys(sources).length).toBeGreaterThan(50);
  expect(findBreaches(sources)).toEqual([]);
});

describe("a planted breach is found", () => {
  const noise = 'import type { WaifuError } from "../errors.ts";\n';
  test.each<[name: string, file: string, source: string, breach: string]>([
    [
      "an arrow up",
      "src/zfs/a.ts",
      'import { b } from "../nodes/b.ts";',
      "src/zfs/a.ts imports src/nodes/b.ts",
    ],
    [
      "an arrow up for a type",
      "src/ssh/a.ts",
      'import type { B } from "../nodes/b.ts";',
      "src/ssh/a.ts imports src/nodes/b.ts",
    ],
    [
      "an arrow up in a call",
      "src/ssh/a.ts",
      'await import("../wire.ts")',
      "src/ssh/a.ts imports src/wire.ts",
    ],
    [
      "an arrow over many lines",
      "src/state/a.ts",
      'import {\n  b,\n  c,\n} from "../commands/b.ts";',
      "src/state/a.ts imports src/commands/b.ts",
    ],
    [
      "an export passed on",
      "src/zfs/a.ts",
      'export { b } from "../ssh/b.ts";',
      "src/zfs/a.ts imports src/ssh/b.ts",
    ],
    [
      "an import for its effect",
      "src/zfs/a.ts",
      'import "../ssh/b.ts";',
      "src/zfs/a.ts imports src/ssh/b.ts",
    ],
    [
      "a command at an adapter",
      "src/commands/node/a.ts",
      'import { b } from "../../ssh/b.ts";',
      "src/commands/node/a.ts imports src/ssh/b.ts",
    ],
    [
      "a command that wires",
      "src/commands/a.ts",
      'import { wire } from "../wire.ts";',
      "src/commands/a.ts imports more than types from src/wire.ts",
    ],
    [
      "an impure placement",
      "src/placement/a.ts",
      'import { b } from "../ssh/b.ts";',
      "src/placement/a.ts imports more than types from src/ssh/b.ts",
    ],
    [
      "an adapter in another",
      "src/ssh/a.ts",
      'import { b } from "../state/b.ts";',
      "src/ssh/a.ts imports src/state/b.ts",
    ],
    [
      "templates above instances",
      "src/templates/a.ts",
      'import { b } from "../instances/b.ts";',
      "src/templates/a.ts imports src/instances/b.ts",
    ],
    [
      "a package elsewhere",
      "src/instances/a.ts",
      'import { Client } from "ssh2";',
      "src/instances/a.ts imports ssh2",
    ],
    [
      "SQLite elsewhere",
      "src/nodes/a.ts",
      'import { Database } from "bun:sqlite";',
      "src/nodes/a.ts imports bun:sqlite",
    ],
    [
      "a package nobody knows",
      "src/ssh/a.ts",
      'import left from "left-pad";',
      "src/ssh/a.ts imports left-pad",
    ],
    [
      "code from outside src",
      "src/ssh/a.ts",
      'import { b } from "../../test/b.ts";',
      "src/ssh/a.ts imports test/b.ts",
    ],
    ["an exit", "src/ssh/a.ts", "process.exit(3);", "src/ssh/a.ts calls process.exit"],
    ["a default export", "src/ssh/a.ts", "export default 1;", "src/ssh/a.ts has a default export"],
    ["a barrel", "src/ssh/a.ts", 'export * from "./b.ts";', "src/ssh/a.ts is a barrel"],
    [
      "a drawer for odds and ends",
      "src/ssh/utils.ts",
      "",
      "src/ssh/utils.ts is named by nothing that it holds",
    ],
    ["a name in camelCase", "src/ssh/aB.ts", "", "src/ssh/aB.ts is not named in kebab-case"],
    ["a new place", "src/magic/a.ts", "", "src/magic/a.ts is in no place of the house"],
    ["a long file", "src/ssh/a.ts", "x;\n".repeat(251), "src/ssh/a.ts has 252 lines, over 250"],
  ])("%s", (_name, file, source, breach) => {
    expect(findBreaches({ [file]: noise + source })).toEqual([breach]);
  });

  test("a loop", () => {
    const sources = {
      "src/nodes/a.ts": 'import type { B } from "../placement/b.ts";',
      "src/placement/b.ts": 'import type { C } from "../state/c.ts";',
      "src/state/c.ts": 'import type { A } from "../nodes/a.ts";',
    };
    expect(findBreaches(sources)).toEqual([
      "src/state/c.ts imports src/nodes/a.ts",
      "a loop: nodes → placement → state → nodes",
    ]);
  });
});

test("what the house allows is no breach", () => {
  const sources = {
    "src/main.ts": 'import { run } from "./commands/run.ts";\nprocess.exit(await import("./wire.ts"));',
    "src/commands/run.ts":
      'import type { Deps } from "../wire.ts";\nimport { version } from "../../package.json";',
    "src/libvirt/xml.ts": 'import text from "../../templates/domain.xml" with { type: "text" };',
    "src/ssh/connect.ts":
      'import { Client } from "ssh2";\nimport { connect } from "node:net";\nimport { join } from "node:path";',
  };
  expect(findBreaches(sources)).toEqual([]);
});
