import type { InstanceSpec } from "../../src/instance-spec.ts";
import { macOf } from "../../src/instances/mac.ts";
import { renderDomain } from "../../src/libvirt/domain-xml.ts";
import { renderCurrent } from "../../src/metadata/seed.ts";
import { seedDisk } from "../../src/metadata/seed-disk.ts";
import { dirStorage } from "../../src/storage/dir-storage.ts";
import { seedHistoryPath, seedPath } from "../../src/storage/node-files.ts";
import { downLab, upLab } from "../lab/namespace-lab.ts";
import type { LabNode } from "../lab/node.ts";
import { newOperator, nodeTable, type Operator } from "../lab/waifuctl.ts";
import { type Comparison, compare, timeProgram } from "./timing.ts";

const LAB = "bench-rec";
const ROUNDS = 15;
const MiB = 1024 ** 2;
const digest = "a".repeat(64);
const storage = dirStorage("/var/lib/waifu");

/** With nothing to do: against `list` of the same, and against itself with a tenth of the instances. */
export async function* measureReconcile(binary: string): AsyncGenerator<Comparison> {
  await downLab(LAB);
  try {
    console.error("bench: bringing up four nodes, and 1,200 instances that are off");
    const lab = await upLab(LAB, ["n1", "n2", "n3", "n4"], { images: [] });
    const [n1, n2, n3, n4] = lab.nodes;
    if (n1 === undefined || n2 === undefined || n3 === undefined || n4 === undefined)
      throw new Error("the lab lacks nodes");
    const time = (operator: Operator, ...words: string[]) =>
      timeProgram([binary, ...words], { cwd: operator.home, env: { HOME: operator.home } });
    await Promise.all([populate(n1, 0, 34), populate(n2, 0, 33), populate(n3, 0, 33), populate(n4, 0, 10)]);
    const all = await knowing([n1, n2, n3]);
    yield compare({
      what: "reconcile of 100 on 3 nodes",
      against: "list of the same",
      limit: 1.3,
      rounds: ROUNDS,
      ours: () => time(all, "reconcile"),
      reference: () => time(all, "list"),
    });
    for (const verb of ["list", "reconcile"]) {
      const { stderr } = await all.run(verb, "--verbose");
      const count = stderr.split("\n").filter((line) => line.includes("n1")).length;
      console.error(`bench: ${verb} runs ${count} commands on n1, all at once`);
    }
    await populate(n2, 33, 100);
    await populate(n1, 34, 1000);
    const [ten, hundred, thousand] = await Promise.all([knowing([n4]), knowing([n2]), knowing([n1])]);
    const steps = [
      ["100", hundred, "10", ten],
      ["1,000", thousand, "100", hundred],
    ] as const;
    for (const [many, operator, few, reference] of steps)
      yield compare({
        what: `reconcile of ${many} on a node`,
        against: `of ${few}`,
        limit: 12,
        rounds: Math.ceil(ROUNDS / 3),
        ours: () => time(operator, "reconcile"),
        reference: () => time(reference, "reconcile"),
      });
  } finally {
    await downLab(LAB);
  }
}

/** An operator who has seen these nodes, and finds all well. */
async function knowing(nodes: readonly LabNode[]): Promise<Operator> {
  const operator = await newOperator(nodes.map((node) => nodeTable(node)));
  await operator.run("reconcile");
  const { exitCode, stdout } = await operator.run("reconcile", "--verbose");
  if (exitCode !== 0) throw new Error(`the nodes are not well: ${stdout}`);
  return operator;
}

/** Instances from this number to that, as `create` and `stop` leave them, but that their disks hold nothing. */
async function populate(node: LabNode, from: number, to: number): Promise<void> {
  const specs = Array.from({ length: to - from }, (_, index) => specOf(`${node.name}-${from + index}`));
  const label = JSON.stringify({ digest, name: "tiny", virtualBytes: 32 * MiB });
  const script = [
    "mkdir -p /var/lib/waifu/seeds /var/lib/waifu/templates /var/lib/waifu/instances /root/xml",
    `echo '${label}' >/var/lib/waifu/templates/${digest}.json; : >/var/lib/waifu/templates/${digest}.qcow2`,
    ...specs.map(lay),
    `virsh -q '${specs.map(({ name }) => `define /root/xml/${name}`).join("; ")}' >/dev/null`,
  ];
  const { exitCode, stderr } = await node.exec(["sh", "-e"], { stdin: script.join("\n") });
  if (exitCode !== 0) throw new Error(`can't populate ${node.name}: ${stderr}`);
}

function specOf(name: string): InstanceSpec {
  const uuid = crypto.randomUUID();
  return {
    uuid,
    name,
    generation: 1,
    template: { name: "tiny", digest },
    cpus: 1,
    memoryBytes: 128 * MiB,
    diskBytes: 32 * MiB,
    power: "off",
    mac: macOf(uuid),
    labels: {},
    user: "waifu",
    createdAt: new Date().toISOString(),
  };
}

function lay(spec: InstanceSpec): string {
  const { uuid, name } = spec;
  const current = {
    generation: 1,
    userData: "#cloud-config\n",
    createdAt: spec.createdAt,
    createdBy: "bench",
  };
  const history = { uuid, hostname: name, sshKeys: [], current, earlier: [] };
  const source = storage.diskSource(spec);
  const host = {
    hasKvm: false,
    hasGuestFilter: false,
    network: { kind: "network", name: "default" },
  } as const;
  const xml = renderDomain(spec, host, source, { kind: "disk", path: seedPath(uuid) });
  const write = (path: string, bytes: Uint8Array | string) =>
    `base64 -d >'${path}' <<'END'\n${Buffer.from(bytes).toString("base64")}\nEND`;
  return [
    write(seedHistoryPath(uuid), JSON.stringify(history)),
    write(seedPath(uuid), seedDisk(renderCurrent(history))),
    write(`/root/xml/${name}`, xml),
    `: >'${source.path}'`,
  ].join("\n");
}
