import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { readFile } from "node:fs/promises";
import type { LabNode } from "./node.ts";
import { identityFile } from "./paths.ts";
import { testLab } from "./test-lab.ts";
import { type Traces, tracesOf } from "./traces.ts";
import { compiled } from "./waifuctl.ts";

setDefaultTimeout(180_000);

// A machine that is its own cluster: waifuctl runs on the node, where the node's own files are.
const home = "/var/lib/waifu-operator";
let node: LabNode;
let image: { url: string; sha256: string };
let before: Traces[];

beforeAll(async () => {
  const { lab, nodes } = await testLab();
  node = nodes[0];
  image = lab.image("tiny");
  before = await tracesOf([node]);
  await put("waifuctl", await readFile(await compiled()));
  await put("key", await readFile(identityFile));
  await put("key.pub", await readFile(`${identityFile}.pub`));
  await put("cluster.toml", '[defaults]\nssh_key = "key.pub"\n\n[[node]]\nname = "here"\nlocal = true\n');
});

afterAll(() => node.exec(["rm", "-r", home]));

async function put(name: string, stdin: string | Uint8Array): Promise<void> {
  const { exitCode, stderr } = await node.exec(
    ["sh", "-c", 'umask 077; mkdir -p "${1%/*}" && cat >"$1" && chmod 700 "$1"', "sh", `${home}/${name}`],
    { stdin },
  );
  if (exitCode !== 0) throw new Error(stderr);
}

/** With nothing in the environment but HOME: no Bun, no agent, no PATH. */
async function waifuctl(...words: string[]): Promise<string> {
  const file = ["--cluster", `${home}/cluster.toml`];
  const { stdout, stderr, exitCode } = await node.exec([
    "env",
    "-i",
    `HOME=${home}`,
    `${home}/waifuctl`,
    ...file,
    ...words,
  ]);
  if (exitCode !== 0) throw new Error(`waifuctl ${words.join(" ")}: ${exitCode}: ${stderr}`);
  return stdout;
}

test("a local node is worked without SSH", async () => {
  await waifuctl("template", "add", "tiny", image.url, "--sha256", image.sha256);
  expect(await waifuctl("create", "home-1", "-t", "tiny", "--memory", "128M", "--disk", "32M")).toStartWith(
    "home-1 runs on here",
  );
  expect(await waifuctl("ssh", "home-1", "hostname")).toBe("home-1\n");
  expect(await waifuctl("list")).toContain("home-1");
  await waifuctl("delete", "home-1", "--yes");
  expect(await tracesOf([node])).toEqual(before);
});
