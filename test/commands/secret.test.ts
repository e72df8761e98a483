import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command } from "../../src/command.ts";
import { WaifuError } from "../../src/errors.ts";
import type { InstanceSpec } from "../../src/instance-spec.ts";
import { renderDomain } from "../../src/libvirt/domain-xml.ts";
import { guestKey, unseal } from "../../src/metadata/sealed-secret.ts";
import { parseSecret } from "../../src/metadata/secret-record.ts";
import { seedUrl } from "../../src/metadata/service-paths.ts";
import { openState } from "../../src/state/state.ts";
import { probeRules, scriptedCluster } from "../scripted-cluster.ts";
import { type Rule, ScriptedRunner } from "../scripted-runner.ts";
import { spec } from "../spec.ts";
import type { TerminalOptions } from "../terminal/recording-terminal.ts";
import { runCli } from "./run-cli.ts";

const password = "correct horse battery staple";
const web: InstanceSpec = { ...spec, name: "web-1", seed: "http", labels: { role: "web" } };
const second: InstanceSpec = { ...web, uuid: web.uuid.replace("6f", "7f"), name: "web-2" };
const onDisk: InstanceSpec = { ...web, uuid: web.uuid.replace("6f", "8f"), name: "web-3", seed: undefined };
const tokenOf = ({ name }: InstanceSpec) => name.replaceAll("-", "_").padEnd(43, "t");

/** A node whose Redis takes what it is given, and shows it. */
class Node extends ScriptedRunner {
  readonly piped: string[] = [];

  constructor(name: string, instances: readonly InstanceSpec[], rules: readonly Rule[] = []) {
    const domain = (instance: InstanceSpec): Rule => [
      new RegExp(`^virsh .* dumpxml ${instance.uuid} --inactive$`),
      renderDomain(
        instance,
        { hasKvm: true, hasGuestFilter: false, network: { kind: "network", name: "default" } },
        { kind: "block", path: "/dev/zvol/x" },
        { kind: "url", url: seedUrl(tokenOf(instance)) },
      ),
    ];
    const redis: Rule[] = [
      [/^redis-cli .* LRANGE /, ""],
      [/^redis-cli .* --pipe$/, ""],
    ];
    const domains = instances.map((spec) => ({ spec, state: 1 }));
    super(name, [...rules, ...instances.map(domain), ...redis, ...probeRules(() => ({ domains }))]);
  }

  override async run(command: Command, signal?: AbortSignal) {
    if (command.stdin instanceof Uint8Array) this.piped.push(Buffer.from(command.stdin).toString("latin1"));
    return await super.run(command, signal);
  }

  /** What this guest would read of what was given last, under its own token. */
  opened(guest: InstanceSpec, key: string) {
    const json = /\{"nonce".*\}/.exec(this.piped.at(-1) ?? "")?.[0] ?? "";
    const secret = parseSecret(json);
    const value = secret && unseal(guestKey(guest.uuid, tokenOf(guest)), key, secret);
    return { value: value && Buffer.from(value).toString(), once: secret?.once };
  }
}

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "waifu-secret-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function site(...nodes: (Node | Error)[]) {
  const statePath = join(folder, "state.db");
  const scripted = scriptedCluster(nodes);
  const state = openState(statePath, "tester@here", scripted.now);
  const cluster = { ...scripted, state, config: { ...scripted.config, statePath } };
  const wire = async () => ({ ...cluster, close: async () => {} });
  const cli = (line: string, options: TerminalOptions = {}) => runCli(line.split(" "), { ...options, wire });
  return { cluster, cli };
}

test("set gives an instance what is piped in, sealed for it alone, and nothing shows the value", async () => {
  const node = new Node("n1", [web, second]);
  const { cluster, cli } = site(node);
  const { stdout, stderr, exitCode } = await cli("secret set web-1 pw --verbose", { input: password });
  expect([stdout, exitCode]).toEqual(["web-1 has pw\n", 0]);
  expect(node.opened(web, "pw")).toEqual({ value: password, once: false });
  expect(node.opened(second, "pw").value).toBeUndefined();
  expect(node.piped).toHaveLength(1);
  cluster.state.close();
  const files = ["state.db", "state.db.key"].map((name) => readFileSync(join(folder, name), "latin1"));
  const told = [stdout, stderr, ...node.ran, ...node.piped, ...files].join("\n");
  for (const part of [password, Buffer.from(password).toString("base64").slice(0, 20), tokenOf(web)])
    expect(told).not.toContain(part);
});

test("on a terminal it is asked for, unseen", async () => {
  const node = new Node("n1", [web]);
  const { stdout, questions } = await site(node).cli("secret set web-1 pw --once --json", {
    isTTY: true,
    answers: [password],
  });
  expect(questions).toEqual(["Value of pw:"]);
  expect(JSON.parse(stdout)).toEqual({ key: "pw", name: "web-1", instances: ["web-1"] });
  expect(node.opened(web, "pw")).toEqual({ value: password, once: true });
});

test("a file is taken as it is", async () => {
  const file = join(folder, "tls.key");
  await Bun.write(file, "-----BEGIN-----\n");
  const node = new Node("n1", [web]);
  await site(node).cli(`secret set web-1 tls.key --file ${file}`);
  expect(node.opened(web, "tls.key").value).toBe("-----BEGIN-----\n");
});

test.each<[what: string, line: string, options: TerminalOptions, exitCode: number, said: string]>([
  ["no name", "secret set web-1", {}, 2, "Give NAME KEY, or --label KEY=VALUE KEY."],
  ["a name and a label", "secret set web-1 pw --label role=web", {}, 2, "Give NAME KEY"],
  ["a name that is a path", "secret set web-1 ../pw", {}, 2, "\"../pw\" can't be a secret's name"],
  ["nothing piped in", "secret set web-1 pw", {}, 2, "the value is empty"],
  ["too much piped in", "secret set web-1 pw", { input: "x".repeat(65537) }, 2, "longer than 64 KiB"],
  ["an endless file", "secret set web-1 pw --file /dev/zero", {}, 2, "longer than 64 KiB"],
  ["a file that is not there", "secret set web-1 pw --file /none", {}, 4, "can't read /none"],
  ["a value among the words", "secret set web-1 pw value", {}, 2, "too many words"],
  ["an instance with a disk", "secret set web-3 pw", { input: "x" }, 4, "its seed is a disk"],
  ["no such instance", "secret set wep-1 pw", { input: "x" }, 4, "Did you mean web-1?"],
  ["nobody to confirm", "secret delete web-1 pw", {}, 4, "without a terminal"],
])("%s is refused, and nothing is changed", async (_, line, options, exitCode, said) => {
  const node = new Node("n1", [web, onDisk]);
  const { cli, cluster } = site(node);
  const result = await cli(line, options);
  expect(result.stderr).toContain(said);
  expect(result.exitCode).toBe(exitCode);
  expect(node.piped).toEqual([]);
  expect(cluster.state.secrets.all()).toEqual([]);
});

test("--dry-run shows what would be run, and keeps nothing", async () => {
  const node = new Node("n1", [web]);
  const { cli, cluster } = site(node);
  const { stdout } = await cli("secret set web-1 pw --dry-run", { input: password });
  expect(stdout).toMatch(
    /^On n1, secret set web-1 would run:\n\n# give pw\nredis-cli -s \S+ --pipe < \(\d+ B\)\n$/,
  );
  expect(node.piped).toEqual([]);
  expect(cluster.state.secrets.all()).toEqual([]);
});

test("a label's secret goes to every instance that bears it, on every node that answers", async () => {
  const down = new WaifuError("unreachable", "node n3 does not answer", { node: "n3" });
  const nodes = [new Node("n1", [web, onDisk]), new Node("n2", [second])] as const;
  const { cli, cluster } = site(...nodes, down);
  const { stdout, stderr, exitCode } = await cli("secret set --label role=web pw", { input: password });
  expect(stdout).toBe("web-1 has pw\nweb-2 has pw\n");
  expect(stderr).toContain("web-3 gets no secrets: its seed is a disk");
  expect(stderr).toContain("node n3 does not answer");
  expect(exitCode).toBe(6);
  expect(nodes[0].opened(web, "pw").value).toBe(password);
  expect(nodes[1].opened(second, "pw").value).toBe(password);
  expect(cluster.state.secrets.all().map(({ scope }) => scope)).toEqual(["label role=web"]);
});

test("a label that nobody bears yet is kept for those to come", async () => {
  const { cli } = site(new Node("n1", [web]));
  const { stdout } = await cli("secret set --label role=db pw", { input: password });
  expect(stdout).toBe("pw is kept for label role=db: no instance needs it now\n");
});

test("an instance's own secret goes before its label's, which comes back when that is deleted", async () => {
  const node = new Node("n1", [web]);
  const { cli, cluster } = site(node);
  await cli("secret set web-1 pw", { input: "own" });
  await cli("secret set --label role=web pw", { input: "everybody's" });
  expect(node.opened(web, "pw").value).toBe("own");
  await cli("secret delete web-1 pw --yes");
  expect(node.opened(web, "pw").value).toBe("everybody's");
  const { stdout } = await cli("secret delete --label role=web pw --yes");
  expect(stdout).toBe("web-1 has no longer pw\n");
  expect(node.piped.at(-1)).toContain("HDEL");
  expect(cluster.state.secrets.all()).toEqual([]);
});

test("what an instance has of its own, and took for once, does not come back with its label's", async () => {
  const node = new Node("n1", [web]);
  const { cli } = site(node);
  await cli("secret set web-1 pw --once", { input: "own" });
  const { stdout } = await cli("secret set --label role=web pw", { input: "everybody's" });
  expect(stdout).toBe("pw is kept for label role=web: no instance needs it now\n");
  await cli("secret delete --label role=web pw --yes");
  expect(node.piped).toHaveLength(1);
});

test("a label's secret is not forgotten while a node that may have it is down", async () => {
  const down = new WaifuError("unreachable", "node n2 does not answer", { node: "n2" });
  const { cli, cluster } = site(new Node("n1", [web]), down);
  await cli("secret set --label role=web pw", { input: password });
  const { stdout, exitCode } = await cli("secret delete --label role=web pw --yes");
  expect(stdout).toBe("web-1 has no longer pw\n");
  expect(exitCode).toBe(6);
  expect(cluster.state.secrets.all()).toHaveLength(1);
});

test("what was set from another machine goes from the node all the same, and that is told", async () => {
  const node = new Node("n1", [web]);
  const { stderr, stdout } = await site(node).cli("secret delete web-1 pw --yes");
  expect(stderr).toContain("pw of web-1 was not set from here");
  expect(stdout).toBe("web-1 has no longer pw\n");
  expect(node.piped[0]).toContain(`HDEL\r\n`);
});

test("what can't be taken from every guest is not forgotten", async () => {
  const node = new Node("n1", [web]);
  const { cli, cluster } = site(node);
  await cli("secret set web-1 pw", { input: password });
  const broken = { exitCode: 1, stderr: "Could not connect to Redis" };
  node.rules = [[/^redis-cli .* --pipe$/, broken], ...node.rules];
  const { stderr, exitCode } = await cli("secret delete web-1 pw --yes");
  expect(stderr).toContain("take pw away failed on node n1: Could not connect to Redis");
  expect(exitCode).toBe(7);
  expect(cluster.state.secrets.all()).toHaveLength(1);
});

test("with an instance its own secrets are forgotten, and its labels' stay for others", async () => {
  const removals: Rule[] = [
    [/ (undefine|destroy) /, ""],
    [/^rm -f/, ""],
  ];
  const { cli, cluster } = site(new Node("n1", [web], removals));
  await cli("secret set web-1 own", { input: password });
  await cli("secret set --label role=web pw", { input: password });
  expect(await cli("delete web-1 --yes")).toMatchObject({ exitCode: 0 });
  expect(cluster.state.secrets.all().map(({ key }) => key)).toEqual(["pw"]);
});

test("list tells when each was read last, and no value", async () => {
  const read = '{"key":"pw","at":"2026-01-02T03:00:05.000Z","address":"10.0.0.7"}\n';
  const node = new Node("n1", [web], [[/^redis-cli .* LRANGE waifu:reads:/, read]]);
  const { cli } = site(node);
  expect((await cli("secret list")).stdout).toContain("No secrets yet");
  await cli("secret set web-1 pw --once", { input: password });
  await cli("secret set --label role=web tls.key", { input: password });
  await cli("secret set --label role=db other", { input: password });
  expect((await cli("secret list")).stdout).toMatchInlineSnapshot(`
    "FOR             KEY      READS  SET                    LAST READ
    web-1           pw       once   0s ago by tester@here  4m ago by web-1
    label role=db   other    many   0s ago by tester@here  never
    label role=web  tls.key  many   0s ago by tester@here  never
    "
  `);
  const { stdout } = await cli("secret list web-1 --json");
  expect(JSON.parse(stdout)).toMatchInlineSnapshot(`
    [
      {
        "key": "tls.key",
        "once": false,
        "scope": "label role=web",
        "setAt": "2026-01-02T03:04:05.000Z",
        "setBy": "tester@here",
      },
      {
        "instance": "web-1",
        "key": "pw",
        "lastRead": {
          "address": "10.0.0.7",
          "at": "2026-01-02T03:00:05.000Z",
          "instance": "web-1",
        },
        "once": true,
        "scope": "instance 6f1d2c3b-0a1b-4c2d-8e3f-5a6b7c8d9e0f",
        "setAt": "2026-01-02T03:04:05.000Z",
        "setBy": "tester@here",
      },
    ]
  `);
});

test("a Redis that can't be asked for reads is told", async () => {
  const node = new Node("n1", [web], [[/LRANGE/, { exitCode: 1, stderr: "Could not connect" }]]);
  const { cli } = site(node);
  await cli("secret set web-1 pw", { input: password });
  const { stdout, stderr, exitCode } = await cli("secret list");
  expect(stdout).toContain("web-1  pw");
  expect(stderr).toContain("can't tell what web-1 has read on node n1: Could not connect");
  expect(exitCode).toBe(6);
});

test("without the key that it was sealed with, a secret is told to be lost", async () => {
  const node = new Node("n1", [web]);
  const { cli } = site(node);
  await cli("secret set --label role=web pw", { input: password });
  await cli("secret set web-1 pw", { input: password });
  rmSync(join(folder, "state.db.key"));
  const { stderr, exitCode } = await cli("secret delete web-1 pw --yes");
  expect(stderr).toContain(`the secret pw can't be opened with ${folder}/state.db.key`);
  expect(exitCode).toBe(4);
});
