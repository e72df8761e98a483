import { afterAll, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { InstanceSpec } from "../../src/instance-spec.ts";
import type { SeedHistory } from "../../src/metadata/seed-history.ts";
import { type NodeContents, probeRules, scriptedCluster } from "../scripted-cluster.ts";
import { type Rule, ScriptedRunner } from "../scripted-runner.ts";
import { spec } from "../spec.ts";
import type { TerminalOptions } from "../terminal/recording-terminal.ts";
import { runCli } from "./run-cli.ts";

const first = "#cloud-config\npackages: [git]\n";
const second = "#cloud-config\npackages: [git, curl]\n";

const history: SeedHistory = {
  uuid: spec.uuid,
  hostname: spec.name,
  sshKeys: ["ssh-ed25519 AAAA me"],
  hostKey: { private: "-----BEGIN-----\n", public: "ssh-ed25519 AAAA" },
  token: "guests-own",
  current: { generation: 2, userData: first, createdAt: "2026-01-01T00:00:00.000Z", createdBy: "mai@home" },
  earlier: [
    { generation: 1, userData: "#!/bin/sh\n", createdAt: "2026-01-01T00:00:00.000Z", createdBy: "mai@home" },
  ],
};
const current: InstanceSpec = { ...spec, seed: "http", generation: 2 };

const folder = mkdtempSync(join(tmpdir(), "waifu-edit-"));
const file = join(folder, "web.yaml");
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => Bun.write(file, second));

/** One node whose guest has that seed; what is stored there shows in `ran`. */
function site({
  kept = history,
  spec = current,
  state = 1,
}: {
  kept?: SeedHistory;
  spec?: InstanceSpec;
  state?: number;
} = {}) {
  const contents = (): NodeContents => ({ domains: [{ spec, state }] });
  const rules: Rule[] = [
    [/^cat \/var\/lib\/waifu\/seeds\/.*\.json$/, JSON.stringify(kept)],
    [/\.new" "\$1" sh \/var\/lib\/waifu\/seeds\//, ""],
    [/^redis-cli /, ""],
    [/^virsh .* metadata .* --set /, ""],
    [/ (reboot|shutdown) [0-9a-f-]{36} --mode acpi$/, ""],
  ];
  const node = new ScriptedRunner("n1", [...rules, ...probeRules(contents)]);
  const cluster = scriptedCluster([node]);
  const wire = async () => ({ ...cluster, close: async () => {} });
  const cli = (line: string, options: TerminalOptions = {}) => runCli(line.split(" "), { ...options, wire });
  const changes = () =>
    node.ran.filter((line) => !line.startsWith("cat ") && !/domstats|waifu\.lock$/.test(line));
  return { cluster, node, cli, changes };
}

test("--file shows the difference, stores it as the next generation, and says what a reboot does", async () => {
  const { cli, changes, cluster } = site();
  const { stdout, exitCode } = await cli(`edit ${spec.name} --file ${file}`);
  expect(stdout).toMatchInlineSnapshot(`
    "--- cosy-otter generation 2
    +++ cosy-otter generation 3
    @@ -1,2 +1,2 @@
     #cloud-config
    -packages: [git]
    +packages: [git, curl]

    cosy-otter has generation 3 of its seed.
    The guest sees it when it reboots next: cloud-init then sets up users, files, packages and runcmd anew, as on a first boot; what an earlier generation made stays.
    "
  `);
  expect(exitCode).toBe(0);
  const [, served, noted] = changes();
  expect(changes()).toHaveLength(3);
  expect(served).toBe("redis-cli -s /run/waifu-redis/redis.sock --pipe");
  expect(noted).toContain("&quot;generation&quot;:3");
  expect(noted).toEndWith("</instance> --config --live");
  expect(cluster.state.instances.all()[0]?.spec.generation).toBe(3);
});

test("--dry-run only shows the difference", async () => {
  const { cli, changes } = site();
  expect((await cli(`edit ${spec.name} --file ${file} --dry-run`)).stdout).toContain(
    "+packages: [git, curl]\n",
  );
  expect(changes()).toEqual([]);
});

test("what is there already is not stored again", async () => {
  await Bun.write(file, first);
  const { cli, changes } = site();
  const { stdout } = await cli(`edit ${spec.name} --file ${file}`);
  expect(stdout).toBe("cosy-otter has this user-data already: nothing to do\n");
  expect(changes()).toEqual([]);
});

test("--rollback takes the generation before as a new one", async () => {
  const { cli } = site();
  const { stdout } = await cli(`edit ${spec.name} --rollback --json`);
  expect(JSON.parse(stdout)).toMatchObject({ generation: 3, applied: false });
  expect(JSON.parse(stdout).diff).toContain("+#!/bin/sh\n");
  const only = site({ kept: { ...history, earlier: [] } });
  expect(await only.cli(`edit ${spec.name} --rollback`)).toMatchObject({ exitCode: 4 });
});

test("an empty file takes the user-data away", async () => {
  await Bun.write(file, "\n");
  const { cli, cluster } = site();
  const { stdout, exitCode } = await cli(`edit ${spec.name} --file ${file}`);
  expect(stdout).toContain("-#cloud-config\n-packages: [git]\n");
  expect(exitCode).toBe(0);
  expect(cluster.state.instances.all()[0]?.spec.user).toBe("waifu");
});

test("a packed file is stored as the text that is in it; what is no text is refused", async () => {
  await Bun.write(file, gzipSync(second));
  const { cli, changes } = site();
  expect((await cli(`edit ${spec.name} --file ${file} --dry-run`)).stdout).toContain(
    "+packages: [git, curl]\n",
  );
  await Bun.write(file, new Uint8Array([0, 0xff]));
  expect(await cli(`edit ${spec.name} --file ${file}`)).toMatchObject({ exitCode: 2 });
  expect(changes()).toEqual([]);
});

test("--apply now reboots a guest that is served over HTTP", async () => {
  const { cli, changes } = site();
  const { stdout } = await cli(`edit ${spec.name} --file ${file} --apply now`);
  expect(changes().at(-1)).toEndWith(`reboot ${spec.uuid} --mode acpi`);
  expect(stdout).toContain("The guest restarts with it");
});

test("a guest with a disk gets a new image, and is told to be stopped", async () => {
  const { cli, changes } = site({
    spec: { ...current, seed: undefined },
    kept: { ...history, token: undefined },
  });
  const { stdout } = await cli(`edit ${spec.name} --file ${file}`);
  expect(changes()[1]).toEndWith(`/var/lib/waifu/seeds/${spec.uuid}.img`);
  expect(stdout).toContain("when it has been stopped and is started next");
});

test("user-data with host keys of its own makes ours no longer the one to expect", async () => {
  await Bun.write(file, "#cloud-config\nusers: [{name: mai}]\nssh_keys: {ed25519_private: x}\n");
  const { cli, cluster } = site({ state: 5 });
  expect((await cli(`edit ${spec.name} --file ${file}`)).stdout).toContain("when it is started next");
  const [seen] = cluster.state.instances.all();
  expect([seen?.spec.hostKey, seen?.spec.user]).toEqual([undefined, "mai"]);
});

test("a mistake is told with its line, and can be mended in the editor", async () => {
  const { cli, changes } = site();
  const texts = ["#cloud-config\npackages: git\n", second];
  const edit = () => texts.shift() ?? "";
  const { stderr, exitCode } = await cli(`edit ${spec.name}`, { isTTY: true, answers: ["y"], edit });
  expect(stderr).toContain("cosy-otter.yaml:2:11: packages must be array");
  expect(exitCode).toBe(0);
  expect(changes()).toHaveLength(3);
});

test("a text that is given up is kept in a file that is named", async () => {
  const { cli, changes } = site();
  const wrong = "#cloud-config\na: [\n";
  const { stderr, exitCode } = await cli(`edit ${spec.name}`, {
    isTTY: true,
    answers: ["n"],
    edit: () => wrong,
  });
  expect(exitCode).toBe(2);
  const path = /Your text is kept in (\S+)/.exec(stderr)?.[1] ?? "";
  expect(await Bun.file(path).text()).toBe(wrong);
  rmSync(join(path, ".."), { recursive: true });
  expect(changes()).toEqual([]);
});

test("what somebody else stored meanwhile is not overwritten", async () => {
  const { cli, node, changes } = site();
  const { current } = history;
  const theirs = { ...current, generation: 3, createdBy: "rin@lab" };
  const answers = [history, { ...history, current: theirs, earlier: [current] }];
  const reads: Rule = [/^cat /, () => JSON.stringify(answers.shift())];
  node.rules = [reads, ...node.rules];
  const { stderr, exitCode } = await cli(`edit ${spec.name} --file ${file}`);
  expect(stderr).toContain("rin@lab has stored generation 3 of the seed of cosy-otter meanwhile");
  expect(exitCode).toBe(4);
  expect(changes()).toEqual([]);
});

test("show --user-data prints a generation as it was given", async () => {
  const { cli } = site();
  expect((await cli(`show ${spec.name} --user-data`)).stdout).toBe(first);
  expect((await cli(`show ${spec.name} --user-data --generation 1`)).stdout).toBe("#!/bin/sh\n");
  const { stderr, exitCode } = await cli(`show ${spec.name} --generation 7`);
  expect(stderr).toContain("There are: 2, 1.");
  expect(exitCode).toBe(4);
});

test("a damaged history is refused", async () => {
  const { cli, node } = site();
  node.rules = [[/^cat /, "{"], ...node.rules];
  expect(await cli(`edit ${spec.name} --file ${file}`)).toMatchObject({ exitCode: 4 });
});
