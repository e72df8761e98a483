import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { downLab, type Lab, upLab } from "./namespace-lab.ts";
import type { LabNode } from "./node.ts";
import { newOperator, nodeTable, type Operator } from "./waifuctl.ts";

setDefaultTimeout(600_000);

const name = "test-mend";
const redis = "redis-cli -s /run/waifu-redis/redis.sock";
const copies = "/var/lib/waifu-metadata/seeds";
let lab: Lab;
let node: LabNode;
let operator: Operator;
let uuid: string;

beforeAll(async () => {
  await downLab(name);
  lab = await upLab(name, ["n1"], { init: "systemd" });
  [node] = lab.nodes as [LabNode];
  operator = await newOperator([nodeTable(node)]);
  await operator.answer("node", "setup", "n1");
  const { url, sha256 } = lab.image("tiny");
  await operator.answer("template", "add", "tiny", url, "--sha256", sha256);
  const words = ["create", "web", "-t", "tiny", "--seed", "http", "--no-wait"];
  ({ uuid } = await operator.answer<{ uuid: string }>(...words));
  await operator.runWith({ stdin: "hunter2" }, "secret", "set", "web", "password");
});

afterAll(async () => {
  await operator.leave();
  await downLab(name);
});

async function onNode(script: string): Promise<string> {
  const { exitCode, stdout, stderr } = await node.exec(["sh", "-c", script]);
  if (exitCode !== 0) throw new Error(`${script}: ${stderr}`);
  return stdout.trim();
}

/** What is found, and what became of it. */
async function reconcile(): Promise<string[]> {
  const { stdout, stderr } = await operator.run("reconcile", "--json");
  if (stdout === "") throw new Error(stderr);
  const { findings }: { findings: { kind: string; outcome: string }[] } = JSON.parse(stdout);
  return findings.map(({ kind, outcome }) => `${kind} ${outcome}`);
}

test("a node that was set up is well", async () => {
  expect(await reconcile()).toEqual([]);
});

test.each([
  ["Redis", "systemctl stop waifu-redis", "redis-down done"],
  ["the metadata service", "systemctl stop waifu-metadata", "service-down done"],
])("%s that was stopped runs again", async (_, script, found) => {
  await onNode(script);
  expect(await reconcile()).toEqual([found]);
  expect(await reconcile()).toEqual([]);
});

test("a seed that is lost everywhere comes back as it was, with its secrets", async () => {
  const seed = `${redis} hgetall waifu:seed:${uuid}`;
  const before = await onNode(seed);
  await onNode(
    `systemctl stop waifu-metadata; ${redis} flushall; rm ${copies}/*; systemctl start waifu-metadata`,
  );
  expect(await reconcile()).toEqual(["seed-missing done"]);
  expect(await onNode(seed)).toBe(before);
  expect(await onNode(`${redis} hkeys waifu:secrets:${uuid}`)).toBe("password");
  expect(await reconcile()).toEqual([]);
});

test("a seed of nobody gets its tombstone, and what lives keeps its own", async () => {
  const nobody = crypto.randomUUID();
  await onNode(`${redis} hset waifu:seed:${nobody} generation 1; ${redis} hset waifu:secrets:${nobody} a b`);
  expect(await reconcile()).toEqual(["orphan done"]);
  expect(await onNode(`${redis} hkeys waifu:seed:${nobody}; ${redis} exists waifu:secrets:${nobody}`)).toBe(
    "deleted\n0",
  );
  expect(await onNode(`${redis} hget waifu:seed:${uuid} generation`)).toBe("1");
  expect(await reconcile()).toEqual([]);
});

test("what is stopped stays off, also when its node starts its guests", async () => {
  await operator.answer("stop", "web", "--force");
  expect(await onNode("virsh -q list --all --autostart --name")).toBe("");
  expect(await reconcile()).toEqual([]);
  await operator.answer("start", "web");
  expect(await onNode("virsh -q list --all --autostart --name")).toBe("web");
  await onNode("virsh -q destroy web");
  expect(await reconcile()).toEqual(["power-off done"]);
  expect(await onNode("virsh -q domstate web")).toBe("running");
});

test("systemd runs it by itself, once it is told to, and until it is told not to", async () => {
  const file =
    "state = 'state.db'\n[[node]]\nname = 'n1'\nlocal = true\nstorage = { kind = 'dir', path = '/var/lib/waifu' }\n";
  await node.exec(["sh", "-c", "cat >/root/cluster.toml"], { stdin: file });
  const cron = (words: string) =>
    onNode(`/usr/local/lib/waifu/waifuctl cron ${words} --cluster /root/cluster.toml`);
  await cron("install --every 1h --report /root/waifu.prom");
  await cron("install --every 1h --report /root/waifu.prom");
  expect(await onNode("systemctl is-active waifuctl-reconcile.timer")).toBe("active");
  await onNode("systemctl start waifuctl-reconcile.service");
  expect(await onNode("cat /root/waifu.prom")).toContain('kind="adopted",outcome="done"} 1');
  await cron("remove");
  expect(await onNode("ls /etc/systemd/system | grep -c reconcile || true")).toBe("0");
  expect(await cron("remove")).toBe("reconcile did not run by itself");
});
