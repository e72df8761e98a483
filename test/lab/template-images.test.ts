import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { fillDisk, limitDisk, unlimitDisk } from "./faults.ts";
import { packings, repack } from "./image-forms.ts";
import { digestOf } from "./images.ts";
import { type Refuse, refusalsOf } from "./refusals.ts";
import { must } from "./run.ts";
import { type TemplateSite, templateSite } from "./template-site.ts";

setDefaultTimeout(180_000);

let site: TemplateSite;
let refuses: Refuse;

beforeAll(async () => {
  site = await templateSite();
  refuses = await refusalsOf(site.operator, site.nodes);
});

afterAll(() => site.leave());

describe("what the bytes are decides, not what the file is called", () => {
  test.each(packings)("%s", async (packing) => {
    const packed = await repack(site.image.path, packing);
    await site.name("packed", site.offer("packed.img", undefined, packed), await digestOf(packed));
    const prepare = ["template", "add", "packed", "--node", "n1"];
    expect(await site.operator.run(...prepare)).toMatchObject({ exitCode: 0 });
    // The template says what the image says.
    expect(await site.operator.run("template", "verify", "packed")).toMatchObject({ exitCode: 0 });
    await site.forget("packed");
  });

  // $1 is the file to make, $2 a good image.
  const others: readonly [what: string, script: string, ...says: string[]][] = [
    ["a web page", "echo '<!DOCTYPE html><html>' >$1", "web page"],
    ["a program", "cp /bin/true $1", "program"],
    ["a tar archive", "tar cf $1 -C / $2", "tar archive"],
    ["a tar archive in gzip", "tar czf $1 -C / $2", "tar archive"],
    [
      "a CD",
      "truncate -s 40K $1; printf CD001 | dd of=$1 bs=1 seek=32769 conv=notrunc status=none",
      "ISO 9660",
    ],
    ["nothing at all", ": >$1", "empty"],
    ["xz that was cut", "xz -0 -c $2 | head -c 1000000 >$1", "xz can't unpack the image"],
    ["gzip twice", "gzip -1 -c $2 | gzip -1 >$1", "packed twice"],
    [
      "qcow2 in xz that reads a file of the node",
      "qemu-img create -q -u -f qcow2 -F raw -b /etc/shadow b 1M; xz -c b >$1",
      "the image reads another file, /etc/shadow",
    ],
    [
      "qcow2 with its data in a file of the node",
      "qemu-img create -q -f qcow2 -o data_file=d.raw,data_file_raw=on $1 1M",
      "the image reads another file, d.raw",
    ],
  ];
  test.each(others)("%s is refused, and nothing is kept", async (_what, script, ...says) => {
    const file = join(site.operator.home, "fake.qcow2");
    await must(["sh", "-c", `set -e; rm -f $1; ${script}`, "sh", file, site.image.path], {
      cwd: site.operator.home,
    });
    await site.name("fake", site.offer("fake.qcow2", undefined, file), await digestOf(file));
    await refuses(["create", "new", "-t", "fake", "-n", "n1"], 4, ...says);
    await site.forget("fake");
  });
});

describe("a disk without room; nothing half-made is left", () => {
  test.each([
    ["too small", 12, false],
    ["full", 40, true],
    ["large enough for the image, but not for its disk too", 24, false],
  ])("%s", async (_what, mebibytes, isFull) => {
    await site.name("big", site.offer("big"));
    await limitDisk(site.nodes[0], mebibytes);
    try {
      if (isFull) await fillDisk(site.nodes[0]);
      const { stderr, exitCode } = await site.operator.run("template", "add", "big", "--node", "n1");
      expect({ exitCode, stderr }).toEqual({
        exitCode: 4,
        stderr: expect.stringMatching(/node n1 has no room for the template big: .*\d.*\n.*prune --node n1/),
      });
      const files = ["find", "/var/lib/waifu", "-type", "f", "!", "-name", "ballast"];
      expect((await site.nodes[0].exec(files)).stdout).toBe("");
    } finally {
      await unlimitDisk(site.nodes[0]);
    }
    await site.forget("big");
  });
});
