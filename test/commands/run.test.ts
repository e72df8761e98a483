import { describe, expect, test } from "bun:test";
import { WaifuError } from "../../src/errors.ts";
import type { Deps } from "../../src/wire.ts";
import { runCli } from "./run-cli.ts";
import { sampleTable } from "./sample-table.ts";

const cli = (line: string, options: Parameters<typeof runCli>[1] = {}) =>
  runCli(line.split(" ").filter(Boolean), { table: sampleTable().table, ...options });

describe("what is refused", () => {
  test.each([
    ["make --cpu 2", "sample make: unknown flag --cpu", "Did you mean --cpus? See sample make --help."],
    ["make --no-json", "sample make: unknown flag --no-json", "See sample make --help."],
    ["make -z", "sample make: unknown flag -z", "See sample make --help."],
    [
      "make --dryRun",
      "sample make: unknown flag --dryRun",
      "Did you mean --dry-run? See sample make --help.",
    ],
    ["make --cpus", "sample make: --cpus needs a value", "See sample make --help."],
    ["make -c", "sample make: -c needs a value", "See sample make --help."],
    ["make --cpus=", "sample make: --cpus needs a value", "See sample make --help."],
    [
      "make --cpus --dry-run",
      "sample make: --cpus needs a value",
      "Write --cpus=VALUE for a value that begins with a dash. See sample make --help.",
    ],
    ["make --json=yes", "sample make: --json takes no value", "See sample make --help."],
    ["make --cpus 1 --cpus 2", "sample make: --cpus is given twice", "See sample make --help."],
    ["make -c 1 --cpus 2", "sample make: --cpus is given twice", "See sample make --help."],
    ["make --disk 1G -s 2G", "sample make: -s is given twice", "See sample make --help."],
    ["make a b", 'sample make: too many words: "b"', "See sample make --help."],
    ["make -- --odd b", 'sample make: too many words: "b"', "See sample make --help."],
    [
      "make --cpus 9",
      'sample make: --cpus: "9" is not a whole number from 1 to 8',
      "See sample make --help.",
    ],
    [
      "make --cpus 1.5",
      'sample make: --cpus: "1.5" is not a whole number from 1 to 8',
      "See sample make --help.",
    ],
    ["make --kind lvm", 'sample make: --kind: "lvm" is none of zfs, dir', "See sample make --help."],
    [
      "make --label disk",
      'sample make: --label: "disk" is not of the form KEY=VALUE',
      "See sample make --help.",
    ],
    [
      "make --size 2gigs",
      'sample make: --size: "2gigs" is not a size',
      "Write a number and a unit, like 512M, 2G or 1.5T.",
    ],
    ["remove", "sample remove: NAMES is missing", "See sample remove --help."],
    ["enter", "sample enter: NAME is missing", "See sample enter --help."],
    ["node needy", "sample node needy: --key is missing", "See sample node needy --help."],
    ["mkae", 'sample has no command "mkae"', "Did you mean sample make? See sample --help."],
    ["zzzzzz", 'sample has no command "zzzzzz"', "See sample --help."],
    [
      "node nedy",
      'sample node has no command "nedy"',
      "Did you mean sample node needy? See sample node --help.",
    ],
    ["", "sample needs a command", "See sample --help."],
    ["node", "sample node needs a command", "See sample node --help."],
    ["--jsn", "sample: unknown flag --jsn", "Did you mean --json? See sample --help."],
  ])("%p", async (line, message, hint) => {
    expect(await cli(line)).toEqual({
      stdout: "",
      stderr: `error: ${message}\nhint: ${hint}\n`,
      exitCode: 2,
      questions: [],
    });
  });

  test("an empty word where a name belongs", async () => {
    const { stderr, exitCode } = await runCli(["make", ""], { table: sampleTable().table });
    expect([stderr.split("\n")[0], exitCode]).toEqual(["error: sample make: NAME is empty", 2]);
  });
});

describe("what is understood", () => {
  const nothing = {
    name: undefined,
    cpus: undefined,
    size: 2 ** 30,
    kind: undefined,
    labels: [],
    isDryRun: false,
    noWait: false,
  };
  test.each([
    ["make --json", nothing],
    ["--json make web-1", { ...nothing, name: "web-1" }],
    ["--cluster file --json make", nothing],
    ["make --json -c 2 web-1 --dry-run", { ...nothing, name: "web-1", cpus: 2, isDryRun: true }],
    ["make --json -c2 --size=2G --kind dir", { ...nothing, cpus: 2, size: 2 ** 31, kind: "dir" }],
    ["make --json --no-wait", { ...nothing, noWait: true }],
    ["make --json --disk 2G", { ...nothing, size: 2 ** 31 }],
    [
      "make --json --label a=b=c --label d=",
      {
        ...nothing,
        labels: [
          { key: "a", value: "b=c" },
          { key: "d", value: "" },
        ],
      },
    ],
    ["make --json --label=--no-x=1", { ...nothing, labels: [{ key: "--no-x", value: "1" }] }],
    ["make --json -- --odd", { ...nothing, name: "--odd" }],
    ["remove --json a b --yes", { removed: ["a", "b"] }],
    ["delete --json -y a", { removed: ["a"] }],
    ["enter --json web-1", { name: "web-1", user: undefined, command: [] }],
    [
      "enter web-1 --json -l bob ls -la --json --help",
      { name: "web-1", user: "bob", command: ["ls", "-la", "--json", "--help"] },
    ],
    [
      "enter --json web-1 -- -l bob -- x",
      { name: "web-1", user: undefined, command: ["-l", "bob", "--", "x"] },
    ],
    ["enter --json -- web-1 --help", { name: "web-1", user: undefined, command: ["--help"] }],
  ])("%p", async (line, answer) => {
    const { stdout, stderr, exitCode } = await cli(line);
    expect([JSON.parse(stdout), stderr, exitCode]).toEqual([JSON.parse(JSON.stringify(answer)), "", 0]);
  });
});

describe("help", () => {
  test("of the program, loading no command", async () => {
    const { table, loaded } = sampleTable();
    for (const argv of [["--help"], ["-h"], ["help"]]) {
      const { stdout, exitCode } = await runCli(argv, { table });
      expect(exitCode).toBe(0);
      expect(stdout).toMatchInlineSnapshot(`
        "A sample

        Usage: sample [FLAGS] COMMAND

        Commands:
          make            The make command
          remove, delete  The remove command
          enter           The enter command
          node, host      Nodes

        Flags of every command:
              --cluster FILE  Cluster file to use
              --json          Print the answer as JSON
          -q, --quiet         Tell no progress and no notes
              --verbose       Log each remote command
          -h, --help          Show this help
        "
      `);
    }
    expect(loaded).toEqual([]);
  });

  test("of a command, whatever else is wrong with the line", async () => {
    for (const line of ["make --help", "help make", "-h make", "make --bogus --help a b c"]) {
      const { stdout, stderr, exitCode } = await cli(line);
      expect([stderr, exitCode]).toEqual(["", 0]);
      expect(stdout).toMatchInlineSnapshot(`
        "The make command

        Usage: sample make [FLAGS] [NAME]

        Arguments:
          NAME  Name; made up when left out

        Flags:
          -c, --cpus N           CPUs
          -s, --size SIZE        Size (default 1G)
              --kind zfs|dir     Kind
              --label KEY=VALUE  Label (may be repeated)
              --no-wait          Don't wait
              --dry-run          Print what would be done, and do nothing
              --cluster FILE     Cluster file to use
              --json             Print the answer as JSON
          -q, --quiet            Tell no progress and no notes
              --verbose          Log each remote command
          -h, --help             Show this help

        Examples:
          sample make web-1 --size 2G
          sample make --label disk=nvme --dry-run
        "
      `);
    }
  });

  test("of a group and of a command that takes another's words", async () => {
    expect((await cli("host --help")).stdout).toMatchInlineSnapshot(`
      "Nodes

      Usage: sample node [FLAGS] COMMAND

      Commands:
        needy  The needy command

      Flags of every command:
            --cluster FILE  Cluster file to use
            --json          Print the answer as JSON
        -q, --quiet         Tell no progress and no notes
            --verbose       Log each remote command
        -h, --help          Show this help
      "
    `);
    expect((await cli("enter --help")).stdout).toContain("Usage: sample enter [FLAGS] NAME [COMMAND...]\n");
  });

  test("is bold where colour is shown, plain elsewhere", async () => {
    expect((await cli("--help", { hasColor: true })).stdout).toContain("\x1b[1mUsage:\x1b[22m");
    expect((await cli("--help")).stdout).not.toContain("\x1b");
  });
});

describe("confirmation", () => {
  test("goes ahead on yes", async () => {
    const { stdout, questions, exitCode } = await cli("remove a", { isTTY: true, answers: ["y"] });
    expect([stdout, questions, exitCode]).toEqual(["a\n", ["Remove a?"], 0]);
  });

  test("changes nothing on no", async () => {
    const { stdout, stderr, exitCode } = await cli("remove a", { isTTY: true, answers: ["n"] });
    expect([stdout, stderr, exitCode]).toEqual(["", "error: not confirmed, nothing was changed\n", 4]);
  });

  test("refuses where nobody can answer", async () => {
    expect((await cli("remove a")).exitCode).toBe(4);
  });

  test("is not asked with --yes", async () => {
    expect((await cli("remove a --yes")).questions).toEqual([]);
  });
});

describe("the end of a run", () => {
  const enter = (onRun: Parameters<typeof sampleTable>[0], line = "enter a", options = {}) =>
    runCli(line.split(" "), { table: sampleTable(onRun).table, ...options });

  test("gives the handler's exit status", async () => {
    expect((await enter(async () => 42)).exitCode).toBe(42);
  });

  test("tells an error as one line of JSON with --json", async () => {
    const fail = async () => {
      throw new WaifuError("remote-failed", "virsh failed", {
        hint: "Look.",
        node: "alpha",
        instance: "web-1",
      });
    };
    const { stderr, exitCode } = await enter(fail, "enter --json a");
    expect(exitCode).toBe(7);
    expect(stderr).toBe(
      '{"code":"remote-failed","message":"virsh failed","hint":"Look.","node":"alpha","instance":"web-1"}\n',
    );
    expect((await enter(fail, "enter a ls --json")).stderr).toBe("error: virsh failed\nhint: Look.\n");
  });

  test("shows the stack of a bug and asks for a report", async () => {
    const { stderr, exitCode } = await enter(async () => {
      throw new TypeError("x is not a function");
    });
    expect(exitCode).toBe(1);
    expect(stderr).toStartWith("error: x is not a function\nTypeError: x is not a function\n    at ");
    expect(stderr).toContain("please report it");
  });

  test("an abort that no verb named is an interruption, not a bug", async () => {
    const controller = new AbortController();
    const run = enter(
      async ({ signal }) => {
        controller.abort();
        signal.throwIfAborted();
        return 0;
      },
      "enter a",
      { signal: controller.signal },
    );
    expect((await run).exitCode).toBe(130);
  });

  test("an abort that a verb ended early for is an interruption, one that came too late is none", async () => {
    const signal = AbortSignal.abort();
    expect((await enter(async () => 6, "enter a", { signal })).exitCode).toBe(130);
    expect((await enter(async () => 0, "enter a", { signal })).exitCode).toBe(0);
  });

  test("control characters of a remote program don't reach the screen", async () => {
    const { stderr } = await enter(async () => {
      throw new WaifuError("remote-failed", "virsh said:\n\x1b[2Jgone\x07");
    });
    expect(stderr).toBe("error: virsh said:\n\\x1b[2Jgone\\x07\n");
  });
});

describe("the cluster", () => {
  test("is wired once, with the global flags, and closed after a failure too", async () => {
    const told: unknown[] = [];
    const wire = async ({
      clusterFile,
      isVerbose,
    }: {
      clusterFile: string | undefined;
      isVerbose: boolean;
    }) => {
      told.push({ clusterFile, isVerbose });
      return { close: async () => void told.push("closed") } as Deps;
    };
    const { table } = sampleTable(async ({ deps }) => {
      expect(await deps()).toBe(await deps());
      throw new WaifuError("unreachable", "node alpha is silent");
    });
    const { exitCode } = await runCli(["enter", "--cluster", "my.toml", "--verbose", "a"], { table, wire });
    expect([exitCode, told]).toEqual([6, [{ clusterFile: "my.toml", isVerbose: true }, "closed"]]);
  });

  test("is left alone by commands that don't ask for it", async () => {
    expect((await cli("make")).exitCode).toBe(0);
  });

  test("that can't be wired is the error", async () => {
    const wire = () => Promise.reject(new WaifuError("config", "no cluster file", { hint: "waifuctl init" }));
    const { stderr, exitCode } = await cli("node needy --key k", { wire });
    expect([stderr, exitCode]).toEqual(["error: no cluster file\nhint: waifuctl init\n", 3]);
  });
});
