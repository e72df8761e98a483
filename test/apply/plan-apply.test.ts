import { expect, test } from "bun:test";
import type { Change } from "../../src/apply/change.ts";
import { type ApplyOptions, planApply } from "../../src/apply/plan-apply.ts";
import type { Description } from "../../src/config/description.ts";
import { WaifuError } from "../../src/errors.ts";
import { describedAs, instance, type Nodes, sightOf, userData } from "./sample.ts";

const GiB = 1024 ** 3;
const nothing: ApplyOptions = { prune: false, replace: false };

/** `~ web labels.role a b`: an action, and each field from and to. */
function words({ action, name, what }: Change): string {
  const fields = what.map(({ field, from = "none", to = "none" }) => `${field} ${from} ${to}`);
  return [`${action} ${name}`, ...fields].join(", ");
}

async function plan(nodes: Nodes, descriptions: readonly Description[], options: Partial<ApplyOptions> = {}) {
  const { cluster, sight } = await sightOf(...nodes);
  const sets = [...new Set(descriptions.flatMap(({ set }) => set ?? [])), "homelab"];
  return planApply(cluster, { instances: descriptions, sets }, sight, { ...nothing, ...options });
}

const web = instance("web", { labels: { role: "web", "waifu.apply": "homelab" } });
const off = { cpus: web.cpus, memoryBytes: web.memoryBytes };

test.each<[string, Partial<Description>, string]>([
  ["nothing is described", {}, "none web"],
  [
    "all is as described",
    {
      ...off,
      template: "tiny",
      diskBytes: web.diskBytes,
      seed: "cidata",
      restart: "on-failure",
      set: "homelab",
      labels: { role: "web" },
      node: "n1",
      nodeLabels: {},
      userData: { text: userData, path: "web.yaml" },
    },
    "none web",
  ],
  ["its version is meant", { template: "tiny@aaaaaaaa" }, "none web"],
  ["the bytes are meant by their digest", { template: "aaaaaaaaaaaa" }, "none web"],
  ["other CPUs", { cpus: 3 }, "restart web, cpus 2 3"],
  ["less memory", { memoryBytes: GiB / 2 }, "restart web, memory 1GiB 512MiB"],
  ["other labels", { labels: { site: "home" } }, "change web, labels.role web none, labels.site none home"],
  ["no labels", { labels: {} }, "change web, labels.role web none"],
  ["another owner", { set: "other" }, "change web, set homelab other"],
  ["a restart policy", { restart: "never" }, "change web, restart on-failure never"],
  [
    "other user-data",
    { userData: { text: "#!/bin/sh\n", path: "x" } },
    "change web, user_data generation 1 generation 2",
  ],
  ["a bigger disk", { diskBytes: 20 * GiB }, "refuse web, disk 10GiB 20GiB"],
  ["a smaller disk", { diskBytes: 5 * GiB }, "refuse web, disk 10GiB 5GiB"],
  ["another seed", { seed: "http" }, "refuse web, seed cidata http"],
  ["another node", { node: "n2" }, "refuse web, node n1 n2"],
  ["a label that its node lacks", { nodeLabels: { disk: "nvme" } }, "refuse web, node_labels.disk none nvme"],
])("%s", async (_, description, expected) => {
  const [change] = await plan([[web], []], [describedAs("web", description)]);
  expect(change && words(change)).toBe(expected);
});

test("what can't be changed is refused by name, and made anew with --replace, else as it was", async () => {
  const described = [describedAs("web", { diskBytes: 20 * GiB, seed: "cidata" })];
  const [refused] = await plan([[web]], described);
  expect(refused).toMatchObject({
    action: "refuse",
    refusal: { message: "web can't change its disk: it would have to be made anew" },
  });
  const [replaced] = await plan([[web], []], described, { replace: true });
  expect(replaced).toMatchObject({
    action: "replace",
    node: "n1",
    description: {
      template: "tiny@aaaaaaaaaaaaaaaa",
      cpus: 2,
      diskBytes: 20 * GiB,
      labels: { role: "web" },
      userData: { text: userData },
    },
  });
});

test("a moved one goes where it is wanted", async () => {
  const [change] = await plan([[web], []], [describedAs("web", { node: "n2" })], { replace: true });
  expect(change).toMatchObject({ action: "replace", node: "n2" });
});

test("creations are spread over the room that is left", async () => {
  const names = ["a", "b", "c", "d"];
  const described = names.map((name) => describedAs(name, { template: "tiny", memoryBytes: 5 * GiB }));
  const changes = await plan([[], [web]], described);
  expect(changes.map((change) => "node" in change && change.node)).toEqual(["n1", "n2", "n1", "n2"]);
});

test("the room of what is pruned is there for what is created", async () => {
  const old = instance("old", { labels: { "waifu.apply": "homelab" }, memoryBytes: 15 * GiB });
  const described = [describedAs("new", { template: "tiny", memoryBytes: 16 * GiB })];
  const { cluster, sight } = await sightOf([old]);
  const actual = sight.actual.map((one) => ({ ...one, memoryBytes: 15 * GiB }));
  const full = { ...sight, actual };
  const sets = ["homelab"];
  const kept = planApply(cluster, { instances: described, sets }, full, nothing);
  expect(kept.map(words)).toEqual(["refuse new"]);
  const pruned = planApply(cluster, { instances: described, sets }, full, { ...nothing, prune: true });
  expect(pruned.map(({ action, name }) => `${action} ${name}`)).toEqual(["create new", "delete old"]);
});

test("only what belongs to a set that is given is pruned", async () => {
  const kept = instance("kept", { labels: { "waifu.apply": "homelab" } });
  const theirs = instance("theirs", { labels: { "waifu.apply": "work" } });
  const gone = instance("gone", { labels: { "waifu.apply": "homelab" } });
  const nodes: Nodes = [
    [kept, theirs],
    [gone, instance("nobodys")],
  ];
  expect((await plan(nodes, [describedAs("kept")], { prune: true })).map(words)).toEqual([
    "none kept",
    "delete gone",
  ]);
  expect((await plan(nodes, [describedAs("kept")])).map(words)).toEqual(["none kept"]);
});

test.each<[string, Partial<Description>, string]>([
  ["no template", {}, "lab.toml:1: new needs a template"],
  ["an unknown one", { template: "tinny" }, 'there is no template "tinny"'],
  ["an unknown node", { template: "tiny", node: "n9" }, 'there is no node "n9" in /etc/cluster.toml'],
  [
    "more than there is",
    { template: "tiny", cpus: 99 },
    "no node fits new:\n  n1: CPUs: 99 wanted, 15 of 16 free",
  ],
  [
    "a disk that is too small",
    { template: "tiny", diskBytes: 1024 },
    "the template tiny needs a disk of at least 33554432 bytes",
  ],
  [
    "broken user-data",
    { template: "tiny", userData: { text: "packages: x", path: "u.yaml" } },
    'u.yaml:1: user-data can\'t begin with "packages: x"',
  ],
])("a new one with %s is refused", async (_, description, message) => {
  const [change] = await plan([[web]], [describedAs("new", description)]);
  expect(change).toMatchObject({ action: "refuse", refusal: { message } });
});

test("what may be on a node that does not answer is neither created nor pruned", async () => {
  const down = new WaifuError("unreachable", "node n2 does not answer", { node: "n2" });
  const { cluster, sight } = await sightOf([], down);
  const seen = { spec: web, node: "n2", state: "running", seenAt: "2026-01-01T00:00:00Z" };
  const descriptions = { instances: [describedAs("web", { template: "tiny" })], sets: ["homelab"] };
  const [change] = planApply(
    cluster,
    descriptions,
    { ...sight, unseen: [seen] },
    { ...nothing, prune: true },
  );
  expect(change).toMatchObject({ action: "refuse", refusal: { code: "unreachable", node: "n2" } });
});

test("a name that is on two nodes is for a person to settle", async () => {
  const [change] = await plan([[web], [web]], [describedAs("web")]);
  expect(change).toMatchObject({
    action: "refuse",
    refusal: { message: "web is on n1 and on n2: which of them is described?" },
  });
});
