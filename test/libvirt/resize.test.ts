import { expect, test } from "bun:test";
import { resizeDomain } from "../../src/libvirt/resize.ts";

const testDomain = "6695eb01-f6a4-8304-79aa-97f2502e193f";
const MiB = 1024 ** 2;

/** Each size after the other given to the domain that libvirt's test driver has at its start: 2 CPUs, 8 GiB. It lives as long as one virsh. */
async function define(...sizes: { cpus: number; memoryBytes: number }[]) {
  const commands = sizes.flatMap((size) => resizeDomain("test:///default", testDomain, size));
  const words = commands.map(({ argv }) => argv.slice(argv.indexOf("test:///default") + 1).join(" "));
  const { stdout, stderr, exitCode } = Bun.spawnSync([
    "virsh",
    "-q",
    "-c",
    "test:///default",
    [...words, `dumpxml ${testDomain} --inactive`].join("; "),
  ]);
  expect([exitCode, stderr.toString().trim()]).toEqual([0, ""]);
  return stdout.toString().match(/<(memory|currentMemory|vcpu)\b[^>]*>\d+/g);
}

test.each([
  ["more", [{ cpus: 4, memoryBytes: 16384 * MiB }], "4", 16384],
  ["less", [{ cpus: 1, memoryBytes: 512 * MiB }], "1", 512],
  [
    "more, then less",
    [
      { cpus: 8, memoryBytes: 9000 * MiB },
      { cpus: 3, memoryBytes: 700 * MiB },
    ],
    "3",
    700,
  ],
])("a definition gets %s", async (_, sizes, cpus, mebibytes) => {
  expect(await define(...sizes)).toEqual([
    `<memory unit='KiB'>${mebibytes * 1024}`,
    `<currentMemory unit='KiB'>${mebibytes * 1024}`,
    `<vcpu placement='static'>${cpus}`,
  ]);
});
