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

/** What comes of a clone where `zfs clone` says these one after the other before it does its work, and what was called. */
async function cloneAfter(...messages: string[]) {
  const folder = await mkdtemp(join(tmpdir(), "waifu-zfs-"));
  const zfs = join(folder, "zfs");
  await Bun.write(join(folder, "messages"), messages.map((message) => `${message}\n`).join(""));
  await Bun.write(
    zfs,
    `#!/bin/sh
cd ${folder}
echo "$1" >>calls
[ "$1" = clone ] || exit 1
message=$(sed -n "$(grep -c clone calls)p" messages)
[ -z "$message" ] || { echo "$message" >&2; exit 1; }
`,
  );
  await chmod(zfs, 0o755);
  const { argv } = cloneVolume("tank/a@ready", "tank/b", 1024 ** 2, {});
  const child = Bun.spawn([...argv], {
    env: { ...process.env, PATH: `${folder}:${process.env.PATH}` },
    stderr: "pipe",
  });
  const outcome = { exitCode: await child.exited, stderr: await child.stderr.text() };
  const calls = (await Bun.file(join(folder, "calls")).text()).trim().split("\n");
  await rm(folder, { recursive: true });
  return { ...outcome, calls };
}

const busy = "cannot create 'tank/b': dataset is busy";
const exists = "cannot create 'tank/b': dataset already exists";

test("a volume that udev looks at just now is asked for again, and what could not be taken back goes first", async () => {
  expect(await cloneAfter(busy, exists)).toEqual({
    exitCode: 0,
    stderr: "",
    calls: ["clone", "destroy", "clone", "destroy", "clone"],
  });
});

test.each([exists, "cannot create 'tank/b': out of space"])(
  "any other refusal stands at once, in zfs's own words: %s",
  async (message) => {
    expect(await cloneAfter(message)).toEqual({ exitCode: 1, stderr: `${message}\n`, calls: ["clone"] });
  },
);
