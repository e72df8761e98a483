import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { lookAt } from "./crash/standing.ts";
import { writeIdleImage } from "./idle-image.ts";
import type { LabNode } from "./node.ts";
import { type TestLab, testLab } from "./test-lab.ts";
import { type Traces, tracesOf } from "./traces.ts";
import { newOperator, nodeTable, type Operator } from "./waifuctl.ts";

setDefaultTimeout(180_000);

type Instance = {
  readonly name: string;
  readonly uuid: string;
  readonly mac: string;
  readonly address: string;
};
type Finding = {
  readonly kind: string;
  readonly node: string;
  readonly instance?: string;
  readonly message: string;
  readonly risk: "safe" | "force" | "person";
  readonly hint?: string;
  readonly outcome: "done" | "left" | "failed";
};
type Answer = { readonly findings: readonly Finding[] };

const [kept, seeds] = ["/var/lib/waifu", "/var/lib/waifu/seeds"];
const hosts = "/var/lib/libvirt/dnsmasq/default.hostsfile";
const release = `virsh net-update default delete ip-dhcp-host "<host mac='$mac'/>" --config; sed -i "/$mac/d" ${hosts}`;
const reserve = (mac: string, address: string) =>
  `virsh net-update default add ip-dhcp-host "<host mac='${mac}' ip='${address}'/>"`;
const metadata = "virsh metadata $name urn:waifu:1 --config --live";

/** What somebody does by hand to an instance of its own, and what is to be said of it. `safe` is mended, `force` when that is asked for. */
const drifts: readonly (readonly [what: string, risk: Finding["risk"], kind: string, byHand: string])[] = [
  ["undefined", "force", "domain-missing", "virsh destroy $name; virsh undefine $name"],
  ["its disk deleted", "force", "disk-missing", `virsh destroy $name; rm ${kept}/instances/$name.*`],
  ["its seed deleted", "safe", "seed-missing", `rm ${seeds}/$uuid.img`],
  ["its seed overwritten", "safe", "seed-older", `head -c 64K /dev/zero >${seeds}/$uuid.img`],
  ["its seed's history deleted", "person", "seed-damaged", `rm ${seeds}/$uuid.json`],
  ["its seed's history cut off", "person", "seed-damaged", `truncate -s 100 ${seeds}/$uuid.json`],
  [
    "another CPU",
    "force",
    "domain-changed",
    "virsh setvcpus $name 2 --maximum --config; virsh setvcpus $name 2 --config",
  ],
  [
    "more memory",
    "force",
    "domain-changed",
    "virsh setmaxmem $name 256M --config; virsh setmem $name 256M --config",
  ],
  ["its metadata removed", "force", "metadata-damaged", `${metadata} --remove`],
  [
    "its metadata overwritten",
    "force",
    "metadata-damaged",
    `${metadata} --key w --set '<instance>?</instance>'`,
  ],
  ["its plug pulled", "safe", "power-off", "virsh destroy $name"],
  ["suspended", "person", "paused", "virsh suspend $name"],
  ["autostart off", "safe", "autostart", "virsh autostart --disable $name"],
  ["its address released", "safe", "address-missing", release],
  [
    "another address",
    "safe",
    "address-changed",
    `${release}; ${reserve("$mac", "192.168.122.200")} --config`,
  ],
  ["two addresses", "safe", "address-twice", `${reserve("$mac", "192.168.122.201")} --live`],
  [
    "its address given away",
    "force",
    "address-taken",
    `${release}; ${reserve("52:54:00:00:00:99", "$address")} --config`,
  ],
  ["renamed", "person", "domain-renamed", "virsh destroy $name; virsh domrename $name new-$name"],
  ["half an edit", "safe", "temporary", `touch -d '2 days ago' ${seeds}/$uuid.json.new`],
];

let operator: Operator;
let nodes: TestLab["nodes"];
let before: Traces[];
let stands: readonly (readonly string[])[];
let answers: Readonly<Record<"first" | "forced" | "last", Answer>>;
const instances: (Instance & { readonly node: string; readonly stood: readonly string[] })[] = [];

const nameOf = (index: number) => `drift-${String.fromCharCode(97 + index)}`;
const nodeOf = (index: number): LabNode => nodes[index % 3] ?? nodes[0];
const linesOf = (lines: readonly string[], { name, uuid }: Instance) =>
  lines.filter((line) => line.includes(name) || line.includes(uuid));

async function byHand(node: LabNode, script: string, { name = "", uuid = "", mac = "", address = "" } = {}) {
  const variables = `name=${name} uuid=${uuid} mac=${mac} address=${address}`;
  const { exitCode, stderr } = await node.exec(["sh", "-c", `${variables}; ${script}`]);
  if (exitCode !== 0) throw new Error(`${script}: ${stderr}`);
}

async function reconcile(...words: string[]): Promise<Answer> {
  const { stdout, stderr, exitCode } = await operator.run("reconcile", ...words, "--json");
  if (stdout === "") throw new Error(`reconcile ${words.join(" ")}: exit ${exitCode}: ${stderr}`);
  const answer: Answer = JSON.parse(stdout);
  const has = (outcome: Finding["outcome"]) => answer.findings.some((finding) => finding.outcome === outcome);
  expect(exitCode).toBe(has("failed") ? 8 : has("left") ? 9 : 0);
  return answer;
}

beforeAll(async () => {
  ({ nodes } = await testLab());
  operator = await newOperator(nodes.map((node) => nodeTable(node)));
  before = await tracesOf(nodes);
  await operator.answer("template", "add", "idle", await writeIdleImage(operator.home, "idle"));
  await Promise.all(
    drifts.map(async (_, index) => {
      const node = nodeOf(index);
      const words = ["create", nameOf(index), "-t", "idle", "-n", node.name, "--no-wait"];
      instances[index] = { ...(await operator.answer<Instance>(...words)), node: node.name, stood: [] };
    }),
  );
  const stood = await Promise.all(nodes.map(lookAt));
  for (const [index, instance] of instances.entries())
    instances[index] = { ...instance, stood: linesOf(stood[index % 3] ?? [], instance) };
  for (const [index, [, , , script]] of drifts.entries())
    await byHand(nodeOf(index), script, instances[index]);
  answers = {
    first: await reconcile(),
    forced: await reconcile("--force"),
    last: await reconcile(),
  };
  stands = await Promise.all(nodes.map(lookAt));
});

afterAll(() => operator.leave());

const saidOf = (answer: Answer, { name, uuid }: Instance, kind: string) =>
  answer.findings.find(
    ({ kind: one, instance, message }) => one === kind && (instance === name || message.includes(uuid)),
  );

describe.each(drifts)("%s", (what, risk, kind) => {
  const index = drifts.findIndex((drift) => drift[0] === what);
  const subject = () => instances[index] ?? Promise.reject(new Error(`${nameOf(index)} was not made`));

  test(`is found: ${kind}, and ${risk === "safe" ? "mended" : "left"}`, async () => {
    const instance = await subject();
    const found = saidOf(answers.first, instance, kind);
    expect(found).toMatchObject({
      kind,
      node: instance.node,
      risk,
      outcome: risk === "safe" ? "done" : "left",
    });
    if (risk !== "safe") expect(found?.hint).toEqual(expect.any(String));
  });

  test(risk === "person" ? "is left, with --force too" : "is mended, and stays so", async () => {
    const instance = await subject();
    const isLeft = risk === "person";
    if (risk !== "safe")
      expect(saidOf(answers.forced, instance, kind)).toMatchObject({ outcome: isLeft ? "left" : "done" });
    expect(saidOf(answers.last, instance, kind)?.outcome).toBe(isLeft ? "left" : undefined);
    if (!isLeft) expect(linesOf(stands[index % 3] ?? [], instance)).toEqual([...instance.stood]);
  });
});

describe("what is no instance's", () => {
  const hex = "0123456789abcdef".repeat(4);
  const [part, half] = [`${kept}/images/${hex}.part`, `${kept}/templates/${hex}.qcow2`];
  const foreign = `<domain type='qemu'><name>foreign</name><memory>8192</memory><os><type>hvm</type></os></domain>`;
  const findings = async () => {
    const { findings } = await reconcile();
    return findings.filter(({ instance }) => !instance?.startsWith("drift-"));
  };

  test("half a download and half a template are removed, in their time", async () => {
    const [node] = nodes;
    await byHand(node, `touch ${part} ${half}`);
    expect(await findings()).toMatchObject([
      { kind: "template-unfinished", node: node.name, outcome: "done" },
    ]);
    await byHand(node, `[ -e ${part} ] && [ ! -e ${half} ] && touch -d '2 days ago' ${part}`);
    expect(await findings()).toMatchObject([{ kind: "temporary", node: node.name, outcome: "done" }]);
    await byHand(node, `[ ! -e ${part} ]`);
  });

  test("what virsh undefined and rm removed leaves nothing else behind", async () => {
    const [node] = nodes;
    const gone = await operator.answer<Instance>(
      "create",
      "gone",
      "-t",
      "idle",
      "-n",
      node.name,
      "--no-wait",
    );
    await byHand(node, `virsh destroy $name; virsh undefine $name; rm ${kept}/instances/$name.*`, gone);
    const kinds = (await findings()).map(({ kind, risk, outcome }) => [kind, risk, outcome]);
    expect(kinds).toContainEqual(["orphan", "safe", "done"]);
    expect(kinds).toContainEqual(["address-orphan", "safe", "done"]);
    expect(kinds).toContainEqual(["log-orphan", "safe", "done"]);
    expect(linesOf(await lookAt(node), gone)).toEqual([]);
    expect(await findings()).toEqual([]);
  });

  test("a copy on another node is for a person to decide", async () => {
    const [node, other] = nodes;
    const both = [node.name, other.name];
    const twin = await operator.answer<Instance>(
      "create",
      "twin",
      "-t",
      "idle",
      "-n",
      node.name,
      "--no-wait",
    );
    const { stdout } = await node.exec(["virsh", "dumpxml", "--inactive", "twin"]);
    await other.exec(["sh", "-c", "cat >/tmp/twin.xml"], { stdin: stdout });
    await byHand(other, "virsh define /tmp/twin.xml; rm /tmp/twin.xml");
    const found = (await findings()).filter(({ kind }) => kind.endsWith("-twice"));
    expect(found).toMatchObject([{ instance: "twin", risk: "person", outcome: "left" }]);
    for (const name of both) expect(found[0]?.message).toContain(name);
    await byHand(other, `virsh undefine twin`);
    await operator.answer("delete", twin.name, "--yes");
    expect(await findings()).toEqual([]);
  });

  test("what others made is neither named nor touched", async () => {
    const [node] = nodes;
    await node.exec(["sh", "-c", "cat >/tmp/foreign.xml"], { stdin: foreign });
    await byHand(
      node,
      `virsh define /tmp/foreign.xml; touch ${kept}/instances/mine.qcow2 /var/log/libvirt/qemu/foreign.log`,
    );
    expect(await findings()).toEqual([]);
    await byHand(
      node,
      `virsh undefine foreign; rm ${kept}/instances/mine.qcow2 /var/log/libvirt/qemu/foreign.log /tmp/foreign.xml`,
    );
  });
});

test("whatever was done to them, delete leaves nothing of them", async () => {
  for (const { name } of instances) await operator.answer("delete", name, "--yes");
  expect(await operator.run("reconcile", "--quiet")).toEqual({ exitCode: 0, stdout: "", stderr: "" });
  expect(await tracesOf(nodes)).toEqual(before);
});
