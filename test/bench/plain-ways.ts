import type { Site } from "./site.ts";
import { timeProgram, type Way } from "./timing.ts";

/** What waifuctl would make, as its dry run tells it, in the hands of somebody without waifuctl. */
export type PlainInstance = {
  readonly name: string;
  readonly uuid: string;
  /** The one command line that clones the template. */
  readonly clone: string;
  /** On the node: the domain's XML, and the disks that it names. */
  readonly xmlFile: string;
  readonly disk: string;
  readonly seed: string;
};

type DryRun = { readonly steps: readonly { readonly title: string; readonly commands: readonly string[] }[] };

const NAME = "plain";
const FOLDER = "/var/lib/waifu/bench";

const writeScript = 'mkdir -p "${1%/*}" && printf %s "$2" >"$1"';

/** Puts the XML of an instance on the node. */
export async function preparePlain(site: Site, options: readonly string[]): Promise<PlainInstance> {
  const { steps } = await site.operator.answer<DryRun>("create", NAME, ...options, "--dry-run");
  const commands = steps.flatMap((step) => step.commands);
  const clone = commands.find((line) => /^(qemu-img create|zfs clone) /.test(line));
  const xml = commands
    .map((line) => /<domain[\s\S]*<\/domain>/.exec(line)?.[0])
    .find((found) => found !== undefined);
  const uuid = xml && /<uuid>(.*)<\/uuid>/.exec(xml)?.[1];
  const [disk, seed] = [...(xml ?? "").matchAll(/<source (?:file|dev)='(.*)'\/>/g)].map((match) => match[1]);
  if (!clone || !xml || !uuid || !disk || !seed) throw new Error("the dry run shows no disk, or no domain");
  const xmlFile = `${FOLDER}/${uuid}.xml`;
  await site.onNode("sh", "-c", writeScript, "sh", xmlFile, xml);
  return { name: NAME, uuid, clone, xmlFile, disk, seed };
}

const typedScript = `
set -e
echo "$EPOCHREALTIME"
eval "$1" >&2
echo "$EPOCHREALTIME"
virsh -q define "$2" >&2
echo "$EPOCHREALTIME"
virsh -q start "$3" >&2
echo "$EPOCHREALTIME"`;

/** Clone, define, start, in a shell on the node, which is on before the clock starts. */
export function typedOnNode(site: Site, { clone, xmlFile, uuid, seed }: PlainInstance): Way {
  return async () => {
    await site.onNode("truncate", "-s", "1M", seed);
    const stdout = await site.onNode("bash", "-c", typedScript, "bash", clone, xmlFile, uuid);
    const stamps = stdout
      .trim()
      .split("\n")
      .map((seconds) => Number(seconds) * 1000);
    const [begin = Number.NaN, cloned = Number.NaN, defined = Number.NaN, started = Number.NaN] = stamps;
    return {
      totalMs: started - begin,
      phases: { clone: cloned - begin, define: defined - cloned, start: started - defined },
    };
  };
}

/**
 * The predecessor's way (Xe/waifud): a look whether the image is cached, a whole copy of it for each instance, grown to size, its first snapshot,
 * define, start; each a new ssh process. The image is on the node already.
 */
export function copyingBySsh(
  site: Site,
  { xmlFile, uuid, disk, seed }: PlainInstance,
  image: string,
  size: string,
): Way {
  const dataset = disk.replace("/dev/zvol/", "");
  const steps: Record<string, string[]> =
    site.storage === "zfs"
      ? {
          // The label lets waifuctl clear it away afterwards.
          volume: ["zfs", "create", "-V", size, "-o", `waifu:uuid=${uuid}`, dataset],
          copy: ["qemu-img", "convert", "-O", "raw", image, disk],
          snapshot: ["zfs", "snapshot", `${dataset}@init`],
        }
      : {
          copy: ["qemu-img", "convert", "-O", "qcow2", image, disk],
          grow: ["qemu-img", "resize", "-q", disk, size],
          snapshot: ["qemu-img", "snapshot", "-c", "init", disk],
        };
  const all = {
    look: ["test", "-f", image],
    ...steps,
    define: ["virsh", "-q", "define", xmlFile],
    start: ["virsh", "-q", "start", uuid],
  };
  return async () => {
    await site.onNode("truncate", "-s", "1M", seed);
    const phases: Record<string, number> = {};
    for (const [phase, argv] of Object.entries(all))
      phases[phase] = (await timeProgram([...site.ssh, ...argv])).totalMs;
    return { totalMs: Object.values(phases).reduce((sum, ms) => sum + ms, 0), phases };
  };
}

/** Brings an image to the node as it was published. */
export async function fetchImage(site: Site, url: string): Promise<string> {
  const path = `${FOLDER}/${url.split("/").at(-1)}`;
  await site.onNode("curl", "-fsS", "--create-dirs", "-o", path, url);
  return path;
}
