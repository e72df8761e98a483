import { afterAll, afterEach, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import * as faults from "./faults.ts";
import { identityFile } from "./paths.ts";
import { type Refuse, refusalsOf } from "./refusals.ts";
import { must } from "./run.ts";
import { type TestLab, testLab } from "./test-lab.ts";
import { type Traces, tracesOf } from "./traces.ts";
import { newOperator, nodeTable, type Operator, type Table } from "./waifuctl.ts";

setDefaultTimeout(120_000);

type Listed = {
  readonly name: string;
  readonly node: string;
  readonly state: string;
  readonly lastSeenAt?: string;
};

let site: TestLab;
let operator: Operator;
let before: Traces[];
let refuses: Refuse;

beforeAll(async () => {
  site = await testLab();
  operator = await newOperator(site.nodes.map((node) => nodeTable(node)));
  before = await tracesOf(site.nodes);
  await operator.answer("template", "add", "tiny", site.lab.image("tiny").path);
  await operator.answer("create", "seen", "-t", "tiny", "-n", "n3", "--no-wait");
  await operator.answer("create", "other", "-t", "tiny", "-n", "n1", "--no-wait");
  refuses = await refusalsOf(operator, site.nodes);
});

afterAll(async () => {
  await operator.answer("delete", "seen", "--yes");
  await operator.answer("delete", "other", "--yes");
  expect(await tracesOf(site.nodes)).toEqual(before);
  await operator.leave();
});

const create = (...words: string[]) => ["create", "new", "-t", "tiny", ...words];

/** Both instances are listed, the one on n3 as it was last seen, and the exit status tells that this is not the whole truth. */
async function expectHalfList(why: string): Promise<void> {
  const { stdout, stderr, exitCode } = await operator.run("list");
  expect({ exitCode, stderr }).toEqual({ exitCode: 6, stderr: expect.stringContaining(why) });
  expect(stdout).toMatch(/^other +n1 +running +192/m);
  expect(stdout).toMatch(/^seen +n3 +running \(seen \d+\S* ago\) /m);
  const json = await operator.run("list", "--json");
  const listed: Listed[] = JSON.parse(json.stdout);
  expect(listed.map(({ name, lastSeenAt }) => [name, typeof lastSeenAt])).toEqual([
    ["other", "undefined"],
    ["seen", "string"],
  ]);
}

/** The other nodes are as useful as ever. */
async function expectOthersToWork(): Promise<void> {
  expect(await operator.run("ip", "other")).toMatchObject({ exitCode: 0, stderr: "" });
  const { node } = await operator.answer<Listed>(...create("--no-wait"));
  expect(["n1", "n2"]).toContain(node);
  await operator.answer("delete", "new", "--yes");
}

describe("a node whose sshd is off", () => {
  const why = 'cannot reach node "n3"';

  beforeAll(() => faults.stopSsh(site.nodes[2]));
  afterAll(() => faults.startSsh(site.nodes[2]));

  test("list shows what was last seen there", () =>
    expectHalfList(`${why} (root@${site.nodes[2].address}:22): connection refused`));

  test("node list shows the others", async () => {
    const { stdout, stderr, exitCode } = await operator.run("node", "list");
    expect({ exitCode, stderr }).toEqual({ exitCode: 6, stderr: expect.stringContaining(why) });
    expect(stdout).toMatch(/^n1 +ready /m);
    expect(stdout).toMatch(/^n3 +unreachable/m);
  });

  test("the others work", expectOthersToWork);

  test("nothing is made there, and nothing there is touched", async () => {
    await refuses(create("--node", "n3"), 6, why);
    for (const words of [
      ["show"],
      ["ip"],
      ["ssh"],
      ["stop"],
      ["start"],
      ["reinit", "--yes"],
      ["delete", "--yes"],
    ]) {
      await refuses([...words, "seen"], 6, "seen", why);
    }
  });

  test("its names stay taken", () =>
    refuses(["create", "seen", "-t", "tiny"], 4, "the name was last seen on node n3, which does not answer"));

  test("what may be there is not said to be missing", () =>
    refuses(["show", "unseen"], 6, "it may be on n3"));
});

test("a node whose link hangs holds list up for its deadline and no longer", async () => {
  await faults.cutLink(site.nodes[2]);
  const startedAt = performance.now();
  try {
    const { stdout, stderr, exitCode } = await operator.run("list");
    expect({ exitCode, stderr }).toEqual({
      exitCode: 6,
      stderr: expect.stringContaining('cannot reach node "n3"'),
    });
    expect(stdout).toMatch(/^seen +n3 +running \(seen \d+\S* ago\) /m);
    expect(performance.now() - startedAt).toBeLessThan(20_000);
  } finally {
    await faults.mendLink(site.nodes[2]);
  }
});

describe("a node whose libvirtd is off", () => {
  const why = "libvirt does not answer on node n3";

  beforeAll(() => faults.killLibvirtd(site.nodes[2]));
  afterAll(() => faults.startLibvirtd(site.nodes[2]));

  test("list shows what was last seen there", () => expectHalfList(why));
  test("the others work", expectOthersToWork);

  test("nothing is made there, and nothing there is touched", async () => {
    for (const words of [create("--node", "n3"), ["stop", "seen"], ["delete", "seen", "--yes"]]) {
      const outcome = await operator.run(...words);
      expect({ words, ...outcome }).toEqual({
        words,
        exitCode: 7,
        stdout: "",
        stderr: expect.stringContaining(why),
      });
      expect(outcome.stderr).toContain("systemctl start libvirtd");
    }
  });
});

test("once its node answers again an instance is as it was", async () => {
  const listed = await operator.answer<Listed[]>("list");
  expect(listed.map(({ name, state, lastSeenAt }) => [name, state, lastSeenAt])).toEqual([
    ["other", "running", undefined],
    ["seen", "running", undefined],
  ]);
});

describe("a node that is not the one that is known, or does not know us", () => {
  let stranger: Operator;
  afterEach(() => stranger.leave());

  /** Somebody who knows n2 alone, and not quite right. */
  async function meet(changes: Table): Promise<Refuse> {
    stranger = await newOperator([nodeTable(site.nodes[1], changes)]);
    await stranger.answer("template", "add", "tiny", site.lab.image("tiny").path);
    return refusalsOf(stranger, site.nodes);
  }

  /** A list can't be whole, whatever the reason. */
  async function expectNoList(why: string): Promise<void> {
    expect(await stranger.run("list")).toMatchObject({ exitCode: 6, stderr: expect.stringContaining(why) });
  }

  test("a wrong key", async () => {
    const why = 'node "n2" (root@';
    const refuses = await meet({ identity_file: "wrong" });
    await must(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", join(stranger.home, "wrong")]);
    await refuses(create(), 6, why, "lets us in with none of these", "ssh-copy-id");
    await refuses(["show", "seen"], 6, why, "lets us in with none of these");
    await expectNoList("lets us in with none of these");
  });

  test("an unknown host key, until it is trusted", async () => {
    const refuses = await meet({ host_key: undefined });
    await refuses(create(), 4, "is not known: ssh-ed25519 SHA256:", "waifuctl node trust n2");
    await expectNoList("is not known: ssh-ed25519 SHA256:");
    await refuses(["node", "trust", "n2"], 4, "--yes");
    await stranger.answer("node", "trust", "n2", "--yes");
    expect(await stranger.answer<Listed[]>("list")).toEqual([]);
  });

  test("a host key that is not the pinned one", async () => {
    const another = (await Bun.file(`${identityFile}.pub`).text()).split(" ").slice(0, 2).join(" ");
    const refuses = await meet({ host_key: another });
    await refuses(
      create(),
      4,
      'THE HOST KEY OF node "n2"',
      "HAS CHANGED",
      "correct host_key in cluster.toml",
    );
    await expectNoList("HAS CHANGED");
  });

  test("a host key that changed since it was trusted", async () => {
    const refuses = await meet({ host_key: undefined });
    await stranger.answer("node", "trust", "n2", "--yes");
    await faults.changeHostKey(site.nodes[1]);
    site = await testLab();
    await refuses(create(), 4, 'THE HOST KEY OF node "n2"', "HAS CHANGED", "ssh-keygen -R");
    await refuses(["node", "trust", "n2", "--yes"], 4, "HAS CHANGED");
    await expectNoList("HAS CHANGED");
  });

  test("a network that is not there", async () => {
    const refuses = await meet({ network: "nowhere" });
    await refuses(create(), 4, "node n2 has no libvirt network nowhere", "Correct `network` in cluster.toml");
  });
});
