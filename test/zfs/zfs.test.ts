import { expect, test } from "bun:test";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cloneVolume, parseClones } from "../../src/zfs/zfs.ts";

test("clones are told with the volume that they came from; snapshots without any are left out", () => {
  const printed = [
    "tank/waifu/templates/abc@ready\ttank/waifu/instances/web,tank/elsewhere",
    "tank/waifu/templates/def@ready\t-",
    "tank/waifu/templates/def@daily\t",
    "",
  ].join("\n");
  expect(parseClones(printed)).toEqual([
    { origin: "tank/waifu/templates/abc", clone: "tank/waifu/instances/web" },
    { origin: "tank/waifu/templates/abc", clone: "tank/elsewhere" },
  ]);
});

/** What comes of a clone where `zfs` says these one after the other before it does what it is asked, and what it was asked. */
async function cloneWhere(...messages: string[]) {
  const folder = await mkdtemp(join(tmpdir(), "waifu-zfs-"));
  const zfs = join(folder, "zfs");
  await Bun.write(join(folder, "messages"), messages.map((message) => `${message}\n`).join(""));
  await Bun.write(
    zfs,
    `#!/bin/sh
cd ${folder}
echo "$@" >>calls
message=$(sed -n "$(wc -l <calls)p" messages)
[ -z "$message" ] || { echo "$message" >&2; exit 1; }
`,
  );
  await chmod(zfs, 0o755);
  const { argv } = cloneVolume("tank/a@ready", "tank/b", 1024 ** 2, { uuid: "u" });
  const child = Bun.spawn([...argv], {
    env: { ...process.env, PATH: `${folder}:${process.env.PATH}` },
    stderr: "pipe",
  });
  const outcome = { exitCode: await child.exited, stderr: await child.stderr.text() };
  const calls = (await Bun.file(join(folder, "calls")).text()).trim().split("\n");
  await rm(folder, { recursive: true });
  return { ...outcome, calls };
}

const clone = "clone -o waifu:uuid=u tank/a@ready tank/b";
const resize = "set volsize=1048576 tank/b";
const busy = "cannot set property for 'tank/b': dataset is busy";

test("a clone that udev looks at just now is asked for its size again", async () => {
  expect(await cloneWhere("", busy, busy)).toEqual({
    exitCode: 0,
    stderr: "",
    calls: [clone, resize, resize, resize],
  });
});

test.each([
  [["cannot create 'tank/b': dataset already exists"], [clone]],
  [
    ["", "cannot set property for 'tank/b': out of space"],
    [clone, resize],
  ],
])("any other refusal stands at once, in zfs's own words: %j", async (messages, calls) => {
  expect(await cloneWhere(...messages)).toEqual({ exitCode: 1, stderr: `${messages.at(-1)}\n`, calls });
});
