import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "smol-toml";
import type { Reach } from "../../src/nodes/survey.ts";
import { operatorFrom } from "../../src/ssh/target.ts";
import { wireReach } from "../../src/wire.ts";
import { type Sample, sampleMachine } from "../nodes/sample-machine.ts";
import { openWorkshop, type Sshd, startSshd, type Workshop } from "../ssh/sshd.ts";
import type { TerminalOptions } from "../terminal/recording-terminal.ts";
import { runCli } from "./run-cli.ts";

let workshop: Workshop;
let sshd: Sshd;
let path: string;

beforeAll(async () => {
  workshop = openWorkshop();
  sshd = await startSshd(workshop);
});
afterAll(async () => {
  await sshd.stop();
  workshop.remove();
});
beforeEach(() => {
  path = join(mkdtempSync(join(workshop.folder, "init-")), "cluster.toml");
});

/** A run whose host keys are real and whose machines are samples. */
function init(words: string, options: TerminalOptions & { samples?: Record<string, Sample> } = {}) {
  const reach: Reach = {
    dialer: workshop.dialer(),
    environment: { HOME: workshop.home },
    connect: async ({ name }) => sampleMachine(name, options.samples?.[name]),
  };
  const argv = ["init", ...words.split(" ").filter(Boolean), "--output", path];
  return runCli(argv, { ...options, wireReach: async () => reach });
}

const nodesWritten = () => parse(readFileSync(path, "utf8")).node;
const isWritten = () => Bun.file(path).exists();
const here = () => `n1=mai@127.0.0.1:${sshd.port}`;
const dir = { kind: "dir", path: "/var/lib/waifu" };

describe("from flags", () => {
  test("writes what was said and what was found, and tells what to try", async () => {
    const { stdout, stderr, exitCode } = await init(`${here()} --node b=local --become sudo --yes -t tiny`, {
      samples: {
        b: {
          look: "right root\npool tank\nnetwork default\n",
          storage: [{ kind: "zfs", pool: "tank" }, "tank\tfilesystem\t1\t2\t-\t-\t-\t-\n"],
        },
      },
    });
    expect([exitCode, nodesWritten()]).toEqual([
      0,
      [
        {
          name: "n1",
          address: "127.0.0.1",
          port: sshd.port,
          user: "mai",
          become: "sudo",
          storage: dir,
          network: "default",
          host_key: sshd.hostKey,
        },
        {
          name: "b",
          local: true,
          become: "sudo",
          storage: { kind: "zfs", pool: "tank" },
          network: "default",
        },
      ],
    ]);
    expect(stdout).toBe(`Wrote ${path}, which pins the host keys of its nodes

Next:
  waifuctl node list --cluster ${path}
  waifuctl template add tiny --cluster ${path}
  waifuctl create --template tiny --cluster ${path}
`);
    expect(stderr).toContain("n1 shows the host key ssh-ed25519 SHA256:");
  });

  test("a real login with --json", async () => {
    const { user } = operatorFrom(process.env);
    const words = [
      "init",
      `n1=${user}@127.0.0.1:${sshd.port}`,
      "-i",
      workshop.identityFile,
      "--storage",
      `dir:${workshop.folder}`,
    ];
    const { stdout, exitCode } = await runCli([...words, "--output", path, "--yes", "--json"], {
      env: { HOME: workshop.home },
      wireReach: async (options) => wireReach(options),
    });
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      path,
      nodes: [{ name: "n1", user, host_key: sshd.hostKey, facts: { cpus: expect.any(Number) } }],
    });
    expect(JSON.parse(stdout).nodes[0].facts.cpus).toBeGreaterThan(0);
  });

  test("an identity file is meant from here, not from the file's folder", async () => {
    await init("a --no-probe -i keys/id");
    expect(nodesWritten()).toMatchObject([{ identity_file: join(process.cwd(), "keys/id") }]);
    await init("a --no-probe --force -i ~/.ssh/id");
    expect(nodesWritten()).toMatchObject([{ identity_file: "~/.ssh/id" }]);
  });

  test("an unknown host key needs a person or --yes", async () => {
    const { stderr, exitCode } = await init(here());
    expect([exitCode, await isWritten()]).toEqual([4, false]);
    expect(stderr).toMatch(/^n1 shows the host key ssh-ed25519 SHA256:\S+\nerror: nobody can answer/);

    const asked = await init(here(), { isTTY: true, answers: ["n"] });
    expect([asked.exitCode, asked.questions.length, await isWritten()]).toEqual([4, 1, false]);
    await init(here(), { isTTY: true, answers: ["y"] });
    expect(nodesWritten()).toMatchObject([{ host_key: sshd.hostKey }]);
  });

  test("a problem is told, and the file written all the same only if the person agrees", async () => {
    const samples = { a: { look: "network default\n" } };
    const { stderr, exitCode } = await init("a=local", { samples });
    expect([exitCode, await isWritten()]).toEqual([4, false]);
    expect(stderr).toContain("warning: node a lets us in, but not as root\nLog in as root there");
    const { questions } = await init("a=local", { samples, isTTY: true, answers: ["y"] });
    expect([questions, await isWritten()]).toEqual([[`Write ${path} all the same?`], true]);
  });

  test("an existing file is left alone without --force, and kept with it", async () => {
    await init("a --no-probe");
    const { stderr, exitCode } = await init("b --no-probe");
    expect([exitCode, stderr.split("\n")[0]]).toEqual([4, `error: ${path} is there already`]);
    await init("b --no-probe --force");
    expect(nodesWritten()).toMatchObject([{ name: "b" }]);
    expect(readFileSync(`${path}.bak`, "utf8")).toContain('name = "a"');
  });

  test.each([
    ["", "no node is named, and without a terminal nobody can be asked"],
    ["a@", 'waifuctl init: NODES: "a@" is no node'],
    ["--node a=", 'waifuctl init: --node: "a=" is no node'],
    ["--storage lvm:x a", 'waifuctl init: --storage: "lvm:x" is no storage'],
    ["a b=c b --no-probe", "two nodes are named b"],
    ["a --network x --bridge y", "the node's bridge excludes network"],
    [
      "a --storage zfs:9tank",
      "the node's storage.pool must be a pool or a dataset in it, like tank or tank/vms",
    ],
  ])("%p is refused", async (words, message) => {
    const { stderr, exitCode } = await init(words);
    expect([stderr.split("\n")[0], exitCode, await isWritten()]).toEqual([`error: ${message}`, 2, false]);
  });
});

describe("by asking", () => {
  const person = (...answers: string[]) => ({ isTTY: true, answers });

  test("an empty answer takes what is in brackets", async () => {
    const { questions } = await init("", {
      ...person("", "", "", "", "n"),
      samples: {
        local: {
          look: "right root\npool tank\npool rpool\nnetwork lab\nbridge br0\n",
          storage: [{ kind: "zfs", pool: "tank" }, "tank\tfilesystem\t1\t2\t-\t-\t-\t-\n"],
          network: ["lab", "active\n<network><name>lab</name></network>\n--\n"],
        },
      },
    });
    expect(questions).toEqual([
      "Node, as [USER@]HOST[:PORT] or local [local]:",
      "Name [local]:",
      "Storage (zfs:tank, zfs:rpool, dir:/PATH) [zfs:tank]:",
      "Network or bridge (lab, br0) [lab]:",
      "One more node?",
    ]);
    expect(nodesWritten()).toEqual([
      { name: "local", local: true, storage: { kind: "zfs", pool: "tank" }, network: "lab" },
    ]);
  });

  test("what is not understood is asked again", async () => {
    const { questions, stderr } = await init("", {
      ...person("a@", here(), "N 1", "n1", "y", "tank", "", "br0", "y", "local", "n1", "b", "", "", "n"),
      samples: { n1: { look: "right root\nnetwork default\nbridge br0\n" } },
    });
    expect(questions).toHaveLength(15);
    expect(stderr).toContain('warning: "a@" is no node. Write [NAME=]');
    expect(stderr).toContain("warning: the node's name must be a DNS label");
    expect(stderr).toContain('warning: "tank" is no storage');
    expect(stderr).toContain("warning: n1 is taken");
    expect(nodesWritten()).toMatchObject([
      { name: "n1", user: "mai", bridge: "br0", storage: dir },
      { name: "b", local: true },
    ]);
  });

  test("what the flags say is not asked", async () => {
    const { questions } = await init(
      "--user mai --storage dir:/var/lib/waifu --network default",
      person(`127.0.0.1:${sshd.port}`, "", "y", "n"),
    );
    expect(questions).toHaveLength(4);
    expect(nodesWritten()).toMatchObject([{ name: "127-0-0-1", user: "mai" }]);
  });

  test("a login as ssh would do it anyway is not written down", async () => {
    const { questions } = await init("", person(`a=127.0.0.1:${sshd.port}`, "", "", "y", "", "", "n"));
    expect(questions[2]).toBe(`Log in as [${operatorFrom(process.env).user}]:`);
    expect(JSON.stringify(nodesWritten())).not.toContain('"user"');
  });

  test("a node with problems may be dropped", async () => {
    const samples = { a: { look: "right root\nmissing virsh\n" } };
    const { questions } = await init("", {
      ...person("a=local", "", "", "", "n", "b=local", "", "", "", "n"),
      samples,
    });
    expect(questions[4]).toBe("Keep a all the same?");
    expect(nodesWritten()).toMatchObject([{ name: "b" }]);
  });
});
