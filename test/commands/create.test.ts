import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Command } from "../../src/command.ts";
import { renderCurrent } from "../../src/metadata/seed.ts";
import { parseHistory } from "../../src/metadata/seed-history.ts";
import { mostUserDataBytes } from "../../src/metadata/user-data-text.ts";
import { probeRules, scriptedCluster } from "../scripted-cluster.ts";
import { type Rule, ScriptedRunner } from "../scripted-runner.ts";
import { runCli } from "./run-cli.ts";

const folder = mkdtempSync(join(tmpdir(), "waifu-create-"));
const file = join(folder, "web.yaml");
afterAll(() => rmSync(folder, { recursive: true }));

const changes: Rule[] = [
  [/^qemu-img create/, ""],
  [/cat > "\$1\.new"/, ""],
  [/add-last ip-dhcp-host/, ""],
  [/ start [0-9a-f-]{36}$/, ""],
];

/** Keeps the history of the seed that it is given. */
class Node extends ScriptedRunner {
  kept = "";

  override async run(command: Command, signal?: AbortSignal) {
    if (command.argv.at(-1)?.endsWith(".json")) this.kept = Buffer.from(bytesOf(command)).toString();
    return await super.run(command, signal);
  }
}

function bytesOf({ stdin }: Command): Uint8Array {
  if (stdin instanceof Uint8Array) return stdin;
  throw new Error("a seed is written as bytes");
}

/** `create` with this user-data, in a file or piped in. */
async function create(userData: string | Uint8Array, { isPiped = false, isDefault = false } = {}) {
  await Bun.write(file, userData);
  const node = new Node("n1", [...probeRules(() => ({})), ...changes]);
  const cluster = scriptedCluster([node]);
  const defaults = isDefault ? { ...cluster.config.defaults, userDataFile: file } : cluster.config.defaults;
  const wire = async () => ({ ...cluster, config: { ...cluster.config, defaults }, close: async () => {} });
  const words = isDefault ? [] : ["--user-data", isPiped ? "-" : file];
  const result = await runCli(["create", "web", "--template", "tiny", "--no-wait", ...words], {
    wire,
    input: isPiped ? userData : "",
  });
  const history = parseHistory(node.kept);
  return {
    ...result,
    node,
    spec: cluster.state.instances.all()[0]?.spec,
    seed: history && renderCurrent(history),
  };
}

const multipart =
  'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: text/cloud-config\r\n\r\n#cloud-config\r\n--b--\r\n';

test.each([
  ["a cloud-config", "#cloud-config\npackages: [git]\n"],
  ["Windows' line ends", "#cloud-config\r\npackages: [git]\r\n"],
  ["a script", "#!/bin/sh\r\necho grüße\r\n"],
  ["multipart", multipart],
  ["16 MiB", "#cloud-config\nwrite_files: [{path: /x, content: x}]\n#".padEnd(mostUserDataBytes, "x")],
])(
  "%s reaches the guest byte for byte: from a file, from a pipe and packed",
  async (_, text) => {
    for (const given of [text, gzipSync(text)]) {
      for (const isPiped of [false, true]) {
        const { exitCode, stderr, seed } = await create(given, { isPiped });
        expect([stderr.includes("web.yaml:"), exitCode]).toEqual([false, 0]);
        expect(seed?.userData === text).toBe(true);
      }
    }
  },
  30_000,
);

test.each([
  ["nothing", ""],
  ["blanks", " \r\n\n"],
])("%s: the guest has our user all the same", async (_, text) => {
  const { exitCode, seed, spec } = await create(text);
  expect([exitCode, seed?.userData, spec?.user]).toEqual([0, "", "waifu"]);
  expect(seed?.vendorData).toContain("- name: waifu\n");
  expect(seed?.vendorData).toContain("- ssh-ed25519 AAAA tester\n");
});

test.each<[string, string | Uint8Array, string]>([
  [
    "16 MiB and a byte",
    "x".repeat(mostUserDataBytes + 1),
    "web.yaml has 16777217 bytes: user-data may have 16777216 (16 MiB)",
  ],
  ["a bomb", gzipSync(Buffer.alloc(64 * 1024 ** 2)), "unpacked more than 16777216 bytes"],
  [
    "half an archive",
    gzipSync("#cloud-config\n").subarray(0, 20),
    "web.yaml is packed with gzip and can't be unpacked",
  ],
  ["binary", new Uint8Array([0x7f, 0x45, 0x4c, 0x46, 0, 0xff]), "web.yaml is not UTF-8 text"],
  ["a byte order mark", "\ufeff#cloud-config\n", "web.yaml:1: user-data can't begin with a byte order mark"],
  ["broken YAML", "#cloud-config\r\na: 1\r\na: 2\r\n", "web.yaml:3:1: Map keys must be unique"],
  [
    "what the schema forbids",
    "#cloud-config\r\n\r\npackages: git\r\n",
    "web.yaml:3:11: packages must be array",
  ],
])("%s is refused before any node is asked, also as the cluster's default", async (_, given, message) => {
  for (const isDefault of [false, true]) {
    const { exitCode, stderr, node } = await create(given, { isDefault });
    expect(stderr).toContain(message);
    expect([exitCode, node.ran]).toEqual([2, []]);
  }
});

test("more than 16 MiB from a pipe are not read to their end", async () => {
  const { exitCode, stderr } = await create("x".repeat(mostUserDataBytes + 1), { isPiped: true });
  expect(stderr).toContain("standard input has more than 16777216 bytes");
  expect(exitCode).toBe(2);
});

test("what the schema does not know is told once, and does no harm", async () => {
  const { exitCode, stderr, seed } = await create("#cloud-config\npackges: [git]\n");
  expect(
    stderr.split("web.yaml:2:1: cloud-init does not know packges here; did you mean packages?"),
  ).toHaveLength(2);
  expect([exitCode, seed?.userData]).toEqual([0, "#cloud-config\npackges: [git]\n"]);
});

test("a device or a pipe can be given as a file", async () => {
  const wire = async () => ({ ...scriptedCluster([]), close: async () => {} });
  const tooMuch = await runCli(["create", "--user-data", "/dev/zero"], { wire });
  expect(tooMuch.stderr).toContain("/dev/zero has more than 16777216 bytes");
  const pipe = join(folder, "pipe");
  Bun.spawnSync(["mkfifo", pipe]);
  const writer = Bun.spawn(["sh", "-c", 'echo "#cloud-confg" > "$1"', "sh", pipe]);
  const misspelt = await runCli(["create", "--user-data", pipe], { wire });
  expect(misspelt.stderr).toContain(`${pipe}:1: user-data can't begin with "#cloud-confg"`);
  expect(await writer.exited).toBe(0);
});

test("a folder is no user-data", async () => {
  const wire = async () => ({ ...scriptedCluster([]), close: async () => {} });
  const { exitCode, stderr } = await runCli(["create", "--user-data", folder], { wire });
  expect(stderr).toContain(`can't read the user-data file ${folder}: `);
  expect(exitCode).toBe(4);
});
