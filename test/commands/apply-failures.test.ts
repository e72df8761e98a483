import { expect, test } from "bun:test";
import type { NodeConfig } from "../../src/config/cluster-config.ts";
import { WaifuError } from "../../src/errors.ts";
import { appliedSite, lab, labSite } from "../apply/lab-site.ts";
import { runCli } from "./run-cli.ts";

test("one that can't be started with its new size gets the old one back", async () => {
  using site = await appliedSite();
  const { cli, nodes, cluster, file } = site;
  await Bun.write(file, lab.replace('name = "db"', 'name = "db"\ncpus = 3'));
  let failures = 1;
  for (const node of nodes) {
    const start = node.rules.find(([pattern]) => pattern.source.includes("start"))?.[1];
    const isFailing = () =>
      cluster.state.instances.all().some(({ spec }) => spec.cpus === 3) && failures-- > 0;
    node.rules = [
      [
        / start [0-9a-f-]{36}$/,
        () => {
          if (isFailing()) throw new WaifuError("remote-failed", "no memory left");
          return typeof start === "function" ? start() : "";
        },
      ],
      ...node.rules,
    ];
  }
  const { stderr, exitCode } = await cli(`apply -f ${file} --yes`);
  expect(stderr).toContain("Giving db its former size back.");
  expect(exitCode).toBe(7);
  expect(cluster.state.instances.all().map(({ spec }) => spec.cpus)).toEqual([1, 1, 1]);
  expect(nodes.flatMap(({ off }) => [...off])).toEqual([]);
});

test("one that is deleted and can't be made anew is told as such, and made by the next apply", async () => {
  using site = await appliedSite();
  const { cli, nodes, names, file } = site;
  await Bun.write(file, lab.replace('name = "db"', 'name = "db"\ndisk = "20G"'));
  const rules = nodes.map((node) => node.rules);
  for (const node of nodes)
    node.rules = [[/^qemu-img create/, { exitCode: 1, stderr: "no space left" }], ...node.rules];
  const { stderr, exitCode } = await cli(`apply -f ${file} --replace --yes`);
  expect(stderr).toContain("db is deleted, and making it anew on node n1 failed: disk failed");
  expect([exitCode, names().sort()]).toEqual([8, ["web-1 on n1", "web-2 on n2"]]);
  for (const [index, node] of nodes.entries()) node.rules = rules[index] ?? [];
  expect(await cli(`apply -f ${file} --yes`)).toMatchObject({ exitCode: 0 });
  expect(names()).toContain("db on n1");
});

test("one that fails keeps none of the others back, and is named", async () => {
  using site = await labSite();
  const { cli, nodes, names, file } = site;
  const [, n2] = nodes;
  if (n2 === undefined) throw new Error("there are two");
  n2.rules = [[/^qemu-img create/, { exitCode: 1, stderr: "no space left" }], ...n2.rules];
  const { stdout, stderr, exitCode } = await cli(`apply -f ${file} --yes`);
  expect(stdout).toBe("2 of 3 done; not done: web-2\n");
  expect(stderr).toContain("disk failed on node n2: no space left");
  expect(exitCode).toBe(7);
  expect(names().sort()).toEqual(["db on n1", "web-1 on n1"]);
});

test("a node that does not answer is told of, and what is on the others is done", async () => {
  using site = await labSite();
  const { cluster, nodes, names, file } = site;
  const down = new WaifuError("unreachable", "node n2 does not answer", { node: "n2" });
  const connect = async (node: NodeConfig) => {
    if (nodes[0] === undefined || node.name === "n2") throw down;
    return nodes[0];
  };
  const wire = async () => ({ ...cluster, connect, close: async () => {} });
  const { stderr, exitCode } = await runCli(["apply", "-f", file, "--yes"], { wire });
  expect(stderr).toContain("node n2 does not answer");
  expect(exitCode).toBe(6);
  expect(names().sort()).toEqual(["db on n1", "web-1 on n1", "web-2 on n1"]);
});

test("after Ctrl-C nothing more is begun, and what was under way is undone", async () => {
  using site = await labSite();
  const { cluster, nodes, file } = site;
  const end = new AbortController();
  for (const node of nodes)
    node.rules = [
      [
        /^qemu-img create/,
        () => {
          end.abort();
          return "";
        },
      ],
      ...node.rules,
    ];
  const wire = async () => ({ ...cluster, close: async () => {} });
  const { exitCode } = await runCli(["apply", "-f", file, "--yes"], { wire, signal: end.signal });
  expect(exitCode).toBe(130);
  expect([site.names(), cluster.state.journal.open()]).toEqual([[], []]);
});
