import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { identityFile } from "./paths.ts";
import { type TestLab, testLab } from "./test-lab.ts";
import { type Traces, tracesOf } from "./traces.ts";
import { newOperator, nodeTable, type Operator } from "./waifuctl.ts";

// A whole Debian under emulation boots in a minute and a half on idle cores; the image may have to be built first.
setDefaultTimeout(1_200_000);

let site: TestLab;
let operator: Operator;
let before: Traces[];
let custom: { readonly uuid: string };

beforeAll(async () => {
  site = await testLab(["tiny", "debian-12"]);
  operator = await newOperator(site.nodes.map((node) => nodeTable(node)));
  before = await tracesOf(site.nodes);
  const { url, sha256 } = site.lab.image("debian-12");
  await operator.answer("template", "add", "debian-12", url, "--sha256", sha256);
  const key = (await Bun.file(`${identityFile}.pub`).text()).trim();
  await Bun.write(
    join(operator.home, "web.yaml"),
    `#cloud-config
hostname: chosen-by-user-data
users:
  - name: alice
    sudo: "ALL=(ALL) NOPASSWD:ALL"
    shell: /bin/bash
    ssh_authorized_keys: ["${key}"]
write_files:
  - path: /etc/written
    content: "it's \\"quoted\\" and \${kept}\\n"
    permissions: "0640"
runcmd:
  - [sh, -c, "echo $(hostname) >>/root/ran"]
`,
  );
  // Both at once: most of the time goes by in the guests.
  const create = (name: string, node: string, ...words: string[]) =>
    operator.answer<{ uuid: string }>(
      ...["create", name, "-t", "debian-12", "-n", node, "-m", "512M", "-d", "3G", ...words],
    );
  [custom] = await Promise.all([create("custom", "n1", "--user-data", "web.yaml"), create("plain", "n2")]);
});

afterAll(() => operator.leave());

/** Of the guest's program, once cloud-init has done all that it was told. */
async function inGuest(name: string, command: string): Promise<string> {
  const { stdout, stderr, exitCode } = await operator.run(
    "ssh",
    name,
    `cloud-init status --wait >/dev/null; ${command}`,
  );
  expect({ name, command, exitCode, stderr }).toEqual({ name, command, exitCode: 0, stderr: "" });
  return stdout;
}

describe("Debian's cloud-init applies what create was given", () => {
  test("user-data: name, user, file and commands, once for this instance", async () => {
    expect(await inGuest("custom", "cloud-init status; cloud-init query instance_id; hostname; id -un")).toBe(
      `status: done\n${custom.uuid}-g1\nchosen-by-user-data\nalice\n`,
    );
    expect(
      await inGuest("custom", "sudo cat /etc/written; sudo stat -c %a /etc/written; sudo cat /root/ran"),
    ).toBe('it\'s "quoted" and ${kept}\n640\nchosen-by-user-data\n');
    expect(await operator.run("ssh", "waifu@custom", "true")).toMatchObject({ exitCode: 6 });
  });

  test("without user-data: the instance's name, and a waifu user that may become root", async () => {
    expect(await inGuest("plain", "cloud-init status; hostname; id -un; sudo id -un")).toBe(
      "status: done\nplain\nwaifu\nroot\n",
    );
  });

  test("the root file system fills the disk that was asked for", async () => {
    const [disk, root] = (
      await inGuest("plain", "lsblk -bdno SIZE /dev/vda; df -B1 --output=size / | tail -n 1")
    )
      .trim()
      .split(/\s+/);
    expect(Number(disk)).toBe(3 * 1024 ** 3);
    expect(Number(root)).toBeGreaterThan(2.5 * 1024 ** 3);
  });

  test("the guest agent answers with the reserved address", async () => {
    const { evidence } = await operator.answer<{ evidence: { reserved: string } }>("ip", "plain", "--why");
    expect(evidence).toMatchObject({ agentAnswers: true, agent: evidence.reserved });
  });
});

test("delete leaves nothing but the template", async () => {
  await Promise.all(["custom", "plain"].map((name) => operator.answer("delete", name, "--yes")));
  expect(await tracesOf(site.nodes)).toEqual(before);
});
