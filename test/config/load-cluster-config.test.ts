import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadClusterConfig } from "../../src/config/load-cluster-config.ts";

let folder = "";

async function place(path: string, nodeName: string) {
  await mkdir(join(folder, path, ".."), { recursive: true });
  await writeFile(join(folder, path), `node = [{ name = "${nodeName}", local = true }]`);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "waifu-config-"));
  await place("flag.toml", "flag");
  await place("environment.toml", "environment");
  await place("work/cluster.toml", "work");
  await place("home/.config/waifuctl/cluster.toml", "home");
  await place("xdg/waifuctl/cluster.toml", "xdg");
  await mkdir(join(folder, "empty"));
});

afterAll(() => rm(folder, { recursive: true }));

test.each([
  ["flag", { flag: "../flag.toml", cwd: "work", environment: { WAIFU_CLUSTER: "environment.toml" } }],
  ["environment", { cwd: "work", environment: { WAIFU_CLUSTER: "../environment.toml" } }],
  ["work", { cwd: "work", environment: { WAIFU_CLUSTER: "" } }],
  ["home", { cwd: "empty", environment: {} }],
  ["xdg", { cwd: "empty", environment: { XDG_CONFIG_HOME: "xdg" } }],
])("the cluster of %s is taken", async (expected, { cwd, environment, ...rest }) => {
  const config = await loadClusterConfig({
    ...rest,
    cwd: join(folder, cwd),
    environment: within(environment),
  });
  expect(config.nodes.map((node) => node.name)).toEqual([expected]);
});

/** The environment with its folders inside the test's. */
function within(environment: { WAIFU_CLUSTER?: string; XDG_CONFIG_HOME?: string }) {
  const xdg = environment.XDG_CONFIG_HOME;
  return { ...environment, HOME: join(folder, "home"), XDG_CONFIG_HOME: xdg && join(folder, xdg) };
}

test("without any, the error names the places searched", async () => {
  const environment = { HOME: "/nowhere" };
  await expect(loadClusterConfig({ cwd: join(folder, "empty"), environment })).rejects.toMatchObject({
    code: "config",
    message: `There is no cluster file: looked for ${folder}/empty/cluster.toml and /nowhere/.config/waifuctl/cluster.toml`,
    hint: "Write one with: waifuctl init",
  });
});

test("a file that was named is the only one tried", async () => {
  const search = { cwd: join(folder, "work"), environment: {} };
  await expect(loadClusterConfig({ ...search, flag: "gone.toml" })).rejects.toMatchObject({
    message: `There is no cluster file: looked for ${folder}/work/gone.toml`,
  });
  await expect(loadClusterConfig({ ...search, flag: "." })).rejects.toMatchObject({ code: "config" });
});
