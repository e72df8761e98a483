import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { NodeConfig } from "../../src/config/cluster-config.ts";
import { resolveNodeTable } from "../../src/config/node-table.ts";
import { discover, lookAround } from "../../src/nodes/discover.ts";
import { sampleMachine } from "./sample-machine.ts";

const node = resolveNodeTable({ name: "n1", address: "10.0.0.1" }, "/c.toml", {});

test("what people made is offered, what others own is not", async () => {
  const look =
    "right root\npool tank\npool rpool\nnetwork default\nnetwork lab\nbridge br0\nbridge virbr0\nbridge docker0\nbridge br-0123456789ab\n";
  const found = await discover(async () => sampleMachine("n1", { look }), node);
  expect(found).toMatchObject({
    isRoot: true,
    become: undefined,
    pools: ["tank", "rpool"],
    networks: ["default", "lab"],
    bridges: ["br0"],
    missing: [],
    facts: { cpus: 4, hasKvm: true },
  });
});

test("who is not root but may use sudo is looked at again as root", async () => {
  const connected: NodeConfig["become"][] = [];
  const connect = async ({ become }: NodeConfig) => {
    connected.push(become);
    return sampleMachine("n1", { look: become ? "right root\npool tank\n" : "right sudo\n" });
  };
  expect(await discover(connect, node)).toMatchObject({ isRoot: true, become: "sudo", pools: ["tank"] });
  expect(connected).toEqual([undefined, "sudo"]);
});

test("who may not is told apart", async () => {
  const found = await discover(async () => sampleMachine("n1", { look: "" }), node);
  expect(found).toMatchObject({ isRoot: false, become: undefined });
});

let programs: string;

beforeAll(() => {
  programs = mkdtempSync(join(tmpdir(), "waifuctl-discover-"));
  for (const name of ["sh", "id", "sed"]) symlinkSync(Bun.which(name) ?? name, join(programs, name));
  // As OpenZFS 2.1 and libvirt 9.0 print it; virsh ends with an empty line.
  const fakes = {
    zpool: "printf 'rpool\\ntank\\n'",
    virsh: `[ "$*" = '-q -c qemu:///system net-list --all --name' ] && printf 'default\\nlab net\\n\\n'`,
    curl: "",
  };
  for (const [name, body] of Object.entries(fakes)) {
    writeFileSync(join(programs, name), `#!${join(programs, "sh")}\n${body}\n`);
    chmodSync(join(programs, name), 0o755);
  }
});
afterAll(() => rmSync(programs, { recursive: true }));

test("the script, in a real shell that finds few programs", async () => {
  const { argv } = lookAround("qemu:///system");
  const child = Bun.spawn([...argv], { env: { PATH: programs }, stdout: "pipe", stderr: "pipe" });
  const lines = (await child.stdout.text()).split("\n").filter((line) => !/^(bridge|right) /.test(line));
  expect(lines).toEqual([
    "pool rpool",
    "pool tank",
    "network default",
    "network lab net",
    "missing qemu-img",
    "missing flock",
    "",
  ]);
  expect(await child.stderr.text()).toBe("");
});
