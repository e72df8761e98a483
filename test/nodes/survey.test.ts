import { describe, expect, test } from "bun:test";
import type { NodeTable } from "../../src/config/node-table.ts";
import { WaifuError } from "../../src/errors.ts";
import { chooseFirst, type Offers, type Setup, survey } from "../../src/nodes/survey.ts";
import { Dialer } from "../../src/ssh/dialer.ts";
import type { Runner } from "../../src/ssh/runner.ts";
import { createRecordingReporter } from "../recording-reporter.ts";
import { type Sample, sampleMachine } from "./sample-machine.ts";

const table: NodeTable = { name: "n1", address: "10.0.0.1" };
const dir = { kind: "dir", path: "/var/lib/waifu" } as const;

async function look(connect: () => Promise<Runner>, wish: NodeTable = table) {
  const reporter = createRecordingReporter();
  const setup: Setup = {
    path: "/c/cluster.toml",
    environment: {},
    dialer: new Dialer({ operator: { user: "mai" } }),
    isProbing: true,
    reporter,
    connect,
  };
  return { ...(await survey(setup, wish, chooseFirst)), lines: reporter.lines };
}

const lookAt = (sample: Sample, wish?: NodeTable) => look(async () => sampleMachine("n1", sample), wish);

describe("what is chosen", () => {
  const nothing = { pools: [], networks: [], bridges: [] };
  const tank = { kind: "zfs", pool: "tank" } as const;
  test.each<[string, NodeTable, Offers, Partial<NodeTable>]>([
    ["nothing known", table, nothing, { storage: dir, network: "default" }],
    ["two pools", table, { ...nothing, pools: ["tank", "rpool"] }, { storage: tank, network: "default" }],
    [
      "a default network",
      table,
      { ...nothing, networks: ["a", "default"] },
      { storage: dir, network: "default" },
    ],
    ["others", table, { ...nothing, networks: ["a", "b"], bridges: ["br0"] }, { storage: dir, network: "a" }],
    ["bridges", table, { ...nothing, bridges: ["br0", "br1"] }, { storage: dir, bridge: "br0" }],
    ["all said", { ...table, storage: dir, bridge: "br9" }, { ...nothing, pools: ["tank"] }, {}],
  ])("%s", async (_, wish, offers, chosen) => {
    expect(await chooseFirst(wish, offers)).toEqual({ ...wish, ...chosen });
  });
});

test("a node that has all it needs", async () => {
  const { lines, facts, ...rest } = await lookAt({});
  expect(rest).toEqual({ table: { ...table, storage: dir, network: "default" }, problems: [] });
  expect(lines).toEqual(["begin Looking at n1", "done Looking at n1: 4 CPUs, 15.5 GiB, KVM"]);
  expect(facts?.cpus).toBe(4);
});

describe("each problem is told with what to do", () => {
  test.each<[string, Sample, NodeTable, string[]]>([
    [
      "programs",
      { look: "right root\nmissing virsh\nmissing curl\n" },
      table,
      ["node n1 lacks virsh, curl\nOn n1 (Debian, Ubuntu): apt install"],
    ],
    [
      "not root",
      { look: "network default\n" },
      table,
      ["node n1 lets us in, but not as root\nLog in as root there"],
    ],
    [
      "libvirt",
      { domains: { exitCode: 1, stderr: "error: no socket" } },
      table,
      ["libvirt does not answer on node n1: error: no socket\nOn n1: systemctl start libvirtd"],
    ],
    [
      "a network that is off",
      { network: ["default", "inactive\n<network><name>default</name></network>\n--\n"] },
      table,
      ["the libvirt network default is off on node n1\nOn n1: virsh net-start default"],
    ],
    [
      "a bridge that is not there",
      {},
      { ...table, bridge: "br9" },
      ["node n1 has no bridge br9\nBridges there: none."],
    ],
    [
      "storage and network at once",
      {
        storage: [
          { kind: "zfs", pool: "tank" },
          { exitCode: 1, stderr: "no such pool" },
        ],
        network: ["nope", { exitCode: 1, stderr: "Network not found" }],
      },
      { ...table, storage: { kind: "zfs", pool: "tank" }, network: "nope" },
      ["node n1 has no libvirt network nope", "node n1: the pool tank is not there: no such pool"],
    ],
  ])("%s", async (_, sample, wish, told) => {
    const { problems, lines } = await lookAt(sample, wish);
    const warnings = lines.filter((line) => line.startsWith("warn "));
    expect(problems).toHaveLength(told.length);
    expect(warnings.map((line, index) => line.startsWith(`warn ${told[index]}`))).toEqual(
      told.map(() => true),
    );
  });
});

test("a node that can't be reached keeps what was said of it", async () => {
  const lost = new WaifuError("unreachable", "cannot reach n1", { hint: "Try: ssh n1" });
  const { table: kept, problems, facts, lines } = await look(() => Promise.reject(lost));
  expect([kept, problems, facts]).toEqual([
    { ...table, storage: dir, network: "default" },
    [lost],
    undefined,
  ]);
  expect(lines).toEqual(["begin Looking at n1", "failed Looking at n1", "warn cannot reach n1\nTry: ssh n1"]);
});

test("Ctrl-C and bugs are no problems of a node", async () => {
  const interrupted = new WaifuError("interrupted", "interrupted");
  await expect(look(() => Promise.reject(interrupted))).rejects.toBe(interrupted);
  await expect(look(() => Promise.reject(new TypeError("x")))).rejects.toThrow(TypeError);
});
