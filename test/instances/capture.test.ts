import { afterEach, beforeEach, expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import type { Command, CommandResult } from "../../src/command.ts";
import { WaifuError } from "../../src/errors.ts";
import { captureTemplate, decideCapture } from "../../src/instances/capture.ts";
import { metadataElement } from "../../src/libvirt/metadata.ts";
import { storageOf } from "../../src/storage/storage-of.ts";
import { verifyTemplates } from "../../src/templates/verify.ts";
import { RootedRunner } from "../rooted-runner.ts";
import { spec } from "../spec.ts";
import { type RootedCluster, rootedCluster } from "../templates/rooted-cluster.ts";

/** virDomainState: running and shut off. */
const [RUNNING, OFF] = [1, 5];

let site: RootedCluster;
let state: number;
/** Without it no template can be converted from its image. */
let hasRoom = true;
/** From the making of the template on nothing gets through to n1. */
let linkBreaks = false;
let isLinkDown = false;
let wanted = spec;

/** A node whose libvirt has one instance. */
class NodeWithInstance extends RootedRunner {
  override async run(command: Command, ...rest: [AbortSignal?]): Promise<CommandResult> {
    const line = command.argv.join(" ");
    const isMaking = line.includes("convert") && !line.includes("capture-");
    isLinkDown ||= linkBreaks && isMaking;
    if (isLinkDown && this.node === "n1") throw new WaifuError("outcome-unknown", "the link broke");
    if (!hasRoom && isMaking) return { exitCode: 1, stdout: "", stderr: "no room" };
    if (!line.includes("domstats")) return super.run(command, ...rest);
    const metadata = metadataElement(wanted).replaceAll("waifu:", "");
    const figures = `  state.state=${state}\n  balloon.maximum=1048576\n  vcpu.current=1\n`;
    const stdout =
      this.node === "n1" ? `@${wanted.uuid}\n${metadata}\n\nDomain: '${wanted.name}'\n${figures}` : "";
    return { exitCode: 0, stdout: `${stdout}@end\n`, stderr: "" };
  }
}

beforeEach(async () => {
  state = OFF;
  hasRoom = true;
  linkBreaks = isLinkDown = false;
  site = await rootedCluster((name, root) => new NodeWithInstance(name, root));
  const { nodes, runners } = site;
  const digest = await site.add("base", [nodes[0]]);
  wanted = { ...spec, firmware: "uefi", template: { name: "base", digest } };
  for (const command of storageOf(nodes[0].storage).createDisk(wanted, digest, 2 * 1024 ** 2))
    await runners.get("n1")?.run(command);
});

afterEach(() => site.leave());

const disk = () => site.path("n1", "instances", `${wanted.name}.${wanted.uuid}.qcow2`);
const parts = async () =>
  (await readdir(site.path("n1", "images"))).filter((file) => !/^[0-9a-f]{64}$/.test(file));

async function capture(signal?: AbortSignal) {
  const { cluster, nodes, reporter } = site;
  const decided = await decideCapture(cluster, "golden", wanted.name);
  return await captureTemplate(cluster, decided, [nodes[1]], { reporter, signal });
}

test("the disk with all that was written to it is a version, on its node and where it was asked for", async () => {
  await Bun.$`qemu-io -f qcow2 -c ${"write -P 0x61 1536k 4k"} ${disk()}`.quiet();
  const { version, answers, failures } = await capture();
  expect(failures).toEqual([]);
  expect(answers.map(({ node, from }) => [node, from])).toEqual([
    ["n1", "image there"],
    ["n2", "peer n1"],
  ]);
  expect(version).toMatchObject({
    name: "golden",
    source: `instance:${wanted.name}`,
    trust: "computed",
    firmware: "uefi",
  });
  expect(site.cluster.state.templates.versions("golden")).toEqual([version]);
  const { cluster, nodes, reporter } = site;
  const verdicts = (await verifyTemplates(cluster, nodes, ["golden"], { reporter })).answers;
  expect(verdicts).toMatchObject([
    { node: "n1", image: "ok", template: "ok" },
    { node: "n2", image: "ok", template: "ok" },
  ]);
  const read =
    await Bun.$`qemu-io -f qcow2 -c ${"read -P 0x61 1536k 4k"} ${site.path("n2", "templates", `${version.digest}.qcow2`)}`.text();
  expect(read).not.toContain("failed");
  expect(await parts()).toEqual([]);
  expect(site.cluster.state.journal.open()).toEqual([]);
});

test("an instance that is on is refused, when it is decided and when its turn comes", async () => {
  const { cluster, reporter } = site;
  const decided = await decideCapture(cluster, "golden", wanted.name);
  state = RUNNING;
  const refusal = {
    code: "refused",
    instance: wanted.name,
    hint: `Stop it first: waifuctl stop ${wanted.name}`,
  };
  await expect(decideCapture(cluster, "golden", wanted.name)).rejects.toMatchObject(refusal);
  await expect(captureTemplate(cluster, decided, [], { reporter })).rejects.toMatchObject(refusal);
  expect(cluster.state.templates.versions("golden")).toEqual([]);
});

test("a disk that can't be read leaves nothing", async () => {
  await Bun.write(disk(), "no disk");
  await expect(capture()).rejects.toMatchObject({ code: "remote-failed", node: "n1" });
  expect(await parts()).toEqual([]);
  expect(site.cluster.state.journal.open()).toEqual([]);
  expect(site.cluster.state.templates.versions("golden")).toEqual([]);
});

test("what keeps the template from being made leaves the version, and no operation without an end", async () => {
  hasRoom = false;
  const { failures, version } = await capture();
  expect(failures.map(({ node }) => node.name)).toContain("n1");
  expect(site.cluster.state.journal.open()).toEqual([]);
  expect(site.cluster.state.templates.versions("golden")).toEqual([version]);
  expect(await parts()).toEqual([]);
});

test("a template of which nobody knows whether it was made stays open for reconcile", async () => {
  linkBreaks = true;
  const { failures, version } = await capture();
  expect(failures.map(({ node, error }) => [node.name, error.code])).toContainEqual(["n1", "half-changed"]);
  const open = site.cluster.state.journal.open();
  expect(open.map(({ verb, uuid, node }) => [verb, uuid, node])).toContainEqual([
    "prepare",
    version.digest,
    "n1",
  ]);
});

test("a name that no template can have is refused first", () => {
  expect(decideCapture(site.cluster, "Gold", wanted.name)).rejects.toMatchObject({ code: "usage" });
});
