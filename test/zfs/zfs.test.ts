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

/** What comes of a clone where `zfs` says `message` twice before it does its work, and how often it was called. */
async function cloneAfter(message: string) {
  const folder = await mkdtemp(join(tmpdir(), "waifu-zfs-"));
  const zfs = join(folder, "zfs");
  await Bun.write(
    zfs,
    `#!/bin/sh\necho . >>${folder}/calls\n[ $(wc -l <${folder}/calls) -gt 2 ] || { echo "${message}" >&2; exit 1; }\n`,
  );
  await chmod(zfs, 0o755);
  const { argv } = cloneVolume("tank/a@ready", "tank/b", 1024 ** 2, {});
  const child = Bun.spawn([...argv], {
    env: { ...process.env, PATH: `${folder}:${process.env.PATH}` },
    stderr: "pipe",
  });
  const outcome = { exitCode: await child.exited, stderr: await child.stderr.text() };
  const calls = (await Bun.file(join(folder, "calls")).text()).split("\n").length - 1;
  await rm(folder, { recursive: true });
  return { ...outcome, calls };
}

test("a volume that udev looks at just now is asked again", async () => {
  expect(await cloneAfter("cannot create 'tank/b': dataset is busy")).toEqual({
    exitCode: 0,
    stderr: "",
    calls: 3,
  });
});

test("any other refusal stands at once, in zfs's own words", async () => {
  const message = "cannot create 'tank/b': dataset already exists";
  expect(await cloneAfter(message)).toEqual({ exitCode: 1, stderr: `${message}\n`, calls: 1 });
});
