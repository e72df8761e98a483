import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { type TestLab, testLab } from "./test-lab.ts";
import { type Traces, tracesOf } from "./traces.ts";
import { newOperator, nodeTable, type Operator } from "./waifuctl.ts";

// Emulated guests on busy cores.
setDefaultTimeout(180_000);

type Life = {
  readonly name: string;
  readonly node: TestLab["nodes"][number];
  readonly template: string;
  readonly force: readonly string[];
};
type Shown = {
  readonly name: string;
  readonly node: string;
  readonly state: string;
  readonly address: string;
};

let site: TestLab;
let operator: Operator;
let before: Traces[];
let lives: readonly [Life, Life];

beforeAll(async () => {
  site = await testLab();
  const [first, second] = site.nodes;
  operator = await newOperator([nodeTable(first), nodeTable(second, { user: "ops", become: "sudo" })]);
  before = await tracesOf(site.nodes);
  lives = [
    { name: "life-a", node: first, template: "tiny", force: [] },
    { name: "life-b", node: second, template: "tiny-file", force: ["--force"] },
  ];
});

afterAll(() => operator.leave());

/** On both nodes at once: most of the time is the guests' own. */
async function each(step: (life: Life) => Promise<void>): Promise<void> {
  await Promise.all(lives.map(step));
}

async function ok(...words: string[]): Promise<string> {
  const { stdout, stderr, exitCode } = await operator.run(...words);
  expect({ words, exitCode, stderr: exitCode === 0 ? "" : stderr }).toEqual({
    words,
    exitCode: 0,
    stderr: "",
  });
  return stdout;
}

const inGuest = (name: string, command: string) => ok("ssh", name, command);
const bootId = (name: string) => inGuest(name, "cat /proc/sys/kernel/random/boot_id");

/** A guest that was asked to reboot still answers for a while. */
async function waitForAnotherBoot(name: string, boot: string): Promise<void> {
  const deadline = Date.now() + 120_000;
  while (Date.now() < deadline) {
    const { stdout, exitCode } = await operator.run("ssh", name, "cat /proc/sys/kernel/random/boot_id");
    if (exitCode === 0 && stdout !== boot) return;
  }
  throw new Error(`${name} did not reboot`);
}

describe("the life of an instance on each of two nodes", () => {
  test("templates: by URL with its digest, and from a file beside the operator", async () => {
    const { url, sha256, path } = site.lab.image("tiny");
    expect(await ok("template", "add", "tiny", url, "--sha256", sha256)).toContain(`tiny is ${url}`);
    await ok("template", "add", "tiny-file", path);
    const listed = await operator.answer<{ digest: string; source?: string }[]>("template", "list");
    // What nodes have from other runs has no source here.
    const added = listed.filter(({ source }) => source !== undefined);
    expect(added.map(({ digest }) => digest)).toEqual([sha256, sha256]);
  });

  test("create prints the address that the guest answers on", async () => {
    await each(async ({ name, node, template }) => {
      const stdout = await ok(
        "create",
        name,
        "--template",
        template,
        "--node",
        node.name,
        "--label",
        `of=${name}`,
      );
      expect(stdout).toMatch(new RegExp(`^${name} runs on ${node.name} at 192\\.168\\.122\\.\\d+\n$`));
    });
  });

  test("list, show and ip agree", async () => {
    const listed = await operator.answer<Shown[]>("list");
    expect(listed.map(({ name, node, state }) => [name, node, state])).toEqual(
      lives.map(({ name, node }) => [name, node.name, "running"]),
    );
    await each(async ({ name, node, template }) => {
      const address = listed.find((instance) => instance.name === name)?.address ?? "none";
      expect(await operator.answer<Shown>("show", name)).toMatchObject({
        name,
        node: node.name,
        state: "running",
        address,
        generation: 1,
        template: { name: template, digest: site.lab.image("tiny").sha256 },
        labels: { of: name },
        user: "waifu",
      });
      expect(await ok("ip", name)).toBe(`${address}\n`);
      expect(await operator.answer<object>("ip", name, "--why")).toMatchObject({
        node: node.name,
        evidence: { domainState: "running (booted)", reserved: address },
      });
      const leases = await node.exec(["virsh", "-q", "domifaddr", name, "--source", "lease"]);
      expect(leases.stdout).toContain(address);
    });
    const table = await ok("list");
    for (const { name } of lives) expect(table).toMatch(new RegExp(`^${name} .* running `, "m"));
  });

  test("ssh passes the command, its streams and its exit status through", async () => {
    await each(async ({ name }) => {
      const command = "hostname; id -un; echo oops >&2; exit 7";
      expect(await operator.run("ssh", name, command)).toEqual({
        stdout: `${name}\nwaifu\n`,
        stderr: "oops\n",
        exitCode: 7,
      });
      expect(await operator.run("ssh", `root@${name}`, "--", "id", "-u")).toMatchObject({
        stdout: "0\n",
        exitCode: 0,
      });
      const stdin = "one\ntwo\n".repeat(10_000);
      expect(await operator.runWith({ stdin }, "ssh", name, "wc", "-l")).toMatchObject({
        stdout: "20000\n",
        exitCode: 0,
      });
    });
  });

  test("ssh refuses a guest that shows another host key than its seed gave it", async () => {
    const [{ name, node }] = lives;
    const metadata = ["virsh", "-q", "metadata", name, "--uri", "urn:waifu:1"];
    const { stdout: genuine } = await node.exec(metadata);
    const [, key = ""] = /ssh-ed25519 (\S+)/.exec(genuine) ?? [];
    const [, another = ""] = (await Bun.file(`${node.identityFile}.pub`).text()).split(" ");
    const set = (xml: string) =>
      node.exec([...metadata, "--key", "waifu", "--set", xml, "--live", "--config"]);
    await set(genuine.replace(key, another));
    const { stderr, exitCode } = await operator.run("ssh", "--timeout", "1", name, "true");
    expect({ stderr, exitCode }).toEqual({
      stderr: expect.stringContaining("shows a host key that its seed did not give it"),
      exitCode: 4,
    });
    await set(genuine);
    await inGuest(name, "true");
  });

  test("console shows the guest's prompt; Ctrl-] leaves it", async () => {
    const [{ name }] = lives;
    const console = operator.onTerminal("console", name);
    await console.shows("Press Ctrl-] to leave");
    await console.shows("Escape character is");
    // virsh forgets what was typed before it has made its terminal raw (TCSAFLUSH), which is after it said this.
    const pressing = setInterval(() => console.type("\r"), 500);
    await console.shows("# ").finally(() => clearInterval(pressing));
    console.type("echo $((6 * 7)) is the answer\r");
    await console.shows("42 is the answer");
    console.type("\x1d");
    expect(await console.exited).toBe(0);
  });

  test("a guest that says so much that its console log is rotated", async () => {
    const [{ name, node }] = lives;
    await ok("ssh", `root@${name}`, "head -c 2200000 /dev/zero | tr '\\0' x >/dev/ttyS0");
    const rotated = await node.exec(["ls", `/var/log/libvirt/qemu/${name}.console.log.0`]);
    expect(rotated.exitCode).toBe(0);
  });

  test("what a guest writes survives stop and start", async () => {
    await each(async ({ name, node }) => {
      await ok("ssh", `root@${name}`, "echo kept >/disk/kept; sync");
      const boot = await bootId(name);
      expect(await ok("stop", name)).toBe(`${name} is stopped\n`);
      expect((await node.exec(["virsh", "-q", "domstate", name])).stdout.trim()).toBe("shut off");
      expect(await operator.run("ssh", name, "true")).toMatchObject({
        exitCode: 4,
        stderr: expect.stringContaining("is stopped"),
      });
      expect(await ok("stop", name)).toBe(`${name} already is stopped\n`);
      expect(await ok("start", name)).toBe(`${name} is running\n`);
      expect(await bootId(name)).not.toBe(boot);
      expect(await inGuest(name, "cat /disk/kept")).toBe("kept\n");
    });
  });

  test("reboot asks the guest, or with --force does not", async () => {
    await each(async ({ name, force }) => {
      const boot = await bootId(name);
      expect(await ok("reboot", name, ...force)).toBe(`${name} is rebooting\n`);
      await waitForAnotherBoot(name, boot);
      expect(await inGuest(name, "cat /disk/kept")).toBe("kept\n");
    });
  });

  test("stop --force pulls the plug", async () => {
    await each(async ({ name }) => {
      await ok("stop", name, "--force");
      expect(await operator.answer<Shown>("show", name)).toMatchObject({ state: "stopped" });
    });
  });

  test("reinit takes it back to its fresh disk, once that is confirmed", async () => {
    await each(async ({ name }) => {
      expect(await operator.run("reinit", name)).toMatchObject({
        exitCode: 4,
        stderr: expect.stringContaining("--yes"),
      });
      await ok("reinit", name, "--yes");
      expect(await operator.run("ssh", name, "ls /disk/kept")).toMatchObject({ exitCode: 1, stdout: "" });
      expect(await inGuest(name, "hostname")).toBe(`${name}\n`);
    });
  });

  test("delete leaves nothing, once that is confirmed", async () => {
    await each(async ({ name, node }) => {
      expect(await operator.run("delete", name)).toMatchObject({
        exitCode: 4,
        stderr: expect.stringContaining("--yes"),
      });
      expect(await ok("delete", name, "--yes")).toBe(`${name} is gone from ${node.name}\n`);
    });
    expect(await operator.answer<Shown[]>("list")).toEqual([]);
    expect(await tracesOf(site.nodes)).toEqual(before);
  });
});
