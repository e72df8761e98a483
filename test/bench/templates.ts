import { upLab } from "../lab/namespace-lab.ts";
import { OPERATOR, subnetAddress } from "../lab/switch.ts";
import { newOperator, nodeTable } from "../lab/waifuctl.ts";
import { serveTree } from "../lab/web-tree.ts";
import { bytesOfCreate } from "./image-bytes.ts";
import type { Tally } from "./report.ts";
import type { Site } from "./site.ts";
import { type Comparison, compare, timeProgram, type Way } from "./timing.ts";

const NAME = "debian-12";
const FILE = "/var/lib/waifu/bench/by-hand";

/** An image brought to nodes, by waifuctl and by hand, and what it costs when it is there. */
export async function* measureTemplates(
  site: Site,
  binary: string,
  rounds: number,
): AsyncGenerator<Comparison | Tally> {
  const { operator, storage } = site;
  const { url, sha256, path } = site.lab.image(NAME);
  const add = ["template", "add", NAME, url, "--sha256", sha256, "--all-nodes"];
  const ours: Way = async () => {
    const timing = await timeProgram([binary, ...add], { cwd: operator.home, env: { HOME: operator.home } });
    await operator.answer("template", "delete", NAME, "--yes");
    return timing;
  };
  yield compare({
    what: `${NAME} to a node, ${storage}`,
    against: "curl | sha256sum, qemu-img convert",
    limit: 1.15,
    rounds,
    ours,
    reference: byHand(site, url),
  });
  await operator.answer(...add);
  yield {
    what: `second create, ${storage}: bytes of the image read or written`,
    against: "the image",
    // The tables at its beginning, which say where its content is.
    limit: 0.01,
    oursBytes: await bytesOfCreate(site, NAME, sha256),
    referenceBytes: Bun.file(path).size,
  };
  if (storage === "dir") yield await bytesFromOrigin(site);
}

const byHandScript: Record<Site["storage"], string> = {
  dir: 'qemu-img convert -O qcow2 "$2" "$2.qcow2"',
  zfs: `
    size=$(qemu-img info --output=json "$2" | sed -n 's/^    "virtual-size": \\([0-9]*\\),$/\\1/p')
    zfs create -s -V "$size" -o volmode=dev tank/by-hand
    until [ -b /dev/zvol/tank/by-hand ]; do sleep 0.02; done
    qemu-img convert -n --target-is-zero -W -O raw "$2" /dev/zvol/tank/by-hand`,
};

const clearUpScript: Record<Site["storage"], string> = {
  dir: 'rm -f "$1" "$1.qcow2"',
  // udev looks into a new volume, which is busy meanwhile.
  zfs: 'rm -f "$1"; udevadm settle; timeout 30 sh -c "until zfs destroy tank/by-hand; do sleep 0.1; done"',
};

/** In a shell on the node, which is on before the clock starts. */
function byHand(site: Site, url: string): Way {
  const script = `
    set -e -o pipefail
    mkdir -p "\${2%/*}"
    echo "$EPOCHREALTIME"
    curl -fsS "$1" | tee "$2" | sha256sum >&2
    echo "$EPOCHREALTIME"
    ${byHandScript[site.storage]}
    echo "$EPOCHREALTIME"`;
  return async () => {
    const stdout = await site.onNode("bash", "-c", script, "bash", url, FILE);
    await site.onNode("sh", "-c", clearUpScript[site.storage], "sh", FILE);
    const [begin = Number.NaN, fetched = Number.NaN, converted = Number.NaN] = stdout
      .trim()
      .split("\n")
      .map((seconds) => Number(seconds) * 1000);
    return { totalMs: converted - begin, phases: { fetch: fetched - begin, convert: converted - fetched } };
  };
}

/** What three nodes that need an image at once take from its origin, against one. */
async function bytesFromOrigin({ lab: { name, image } }: Site): Promise<Tally> {
  const { nodes } = await upLab(name, ["n1", "n2", "n3"]);
  const { path, sha256 } = image(NAME);
  const [first] = nodes;
  if (first === undefined) throw new Error("the lab has no node");
  const tree = await serveTree(subnetAddress(first.lan.number, OPERATOR));
  const operator = await newOperator(nodes.map((node) => nodeTable(node)));
  const bytesTo = async (...where: string[]) => {
    tree.put("/image", { file: path });
    await operator.answer("template", "delete", NAME, "--yes");
    await operator.answer("template", "add", NAME, tree.url("/image"), "--sha256", sha256, ...where);
    return tree.bytesSent("/image");
  };
  try {
    const referenceBytes = await bytesTo("--node", "n1");
    const oursBytes = await bytesTo("--all-nodes");
    return {
      what: `${NAME} to three nodes: bytes from the origin`,
      against: "to one",
      limit: 1.5,
      oursBytes,
      referenceBytes,
    };
  } finally {
    await tree.stop();
    await operator.leave();
  }
}
