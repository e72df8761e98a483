import type { ImageName } from "../lab/images.ts";
import { timeCreate } from "./create-timing.ts";
import { copyingBySsh, fetchImage, preparePlain, typedOnNode } from "./plain-ways.ts";
import type { Site } from "./site.ts";
import { type Comparison, compare, type Way } from "./timing.ts";

const NAME = "ours";
const SIZES: Record<ImageName, { memory: string; disk: string }> = {
  tiny: { memory: "128M", disk: "32M" },
  "debian-12": { memory: "512M", disk: "2G" },
};

/** Each image against the bare commands, and the big one against the predecessor's way too. */
export async function* measureCreate(
  site: Site,
  binary: string,
  images: readonly ImageName[],
  rounds: number,
): AsyncGenerator<Comparison> {
  const { operator, storage } = site;
  for (const image of images) {
    const { url, sha256 } = site.lab.image(image);
    const { memory, disk } = SIZES[image];
    await operator.answer("template", "add", image, url, "--sha256", sha256);
    const options = ["--template", image, "--memory", memory, "--disk", disk];
    const argv = [binary, "create", NAME, "--no-wait", "--verbose", ...options];
    const ours: Way = () => timeCreate(argv, { cwd: operator.home, env: { HOME: operator.home } });
    // Prepares the node: the template is there from now on.
    await cleanly(site, NAME, ours)();
    const plain = await preparePlain(site, options);
    const question = { what: `create ${image} on ${storage}`, ours: cleanly(site, NAME, ours) };
    const typed = cleanly(site, plain.name, typedOnNode(site, plain));
    yield compare({ ...question, against: "typed on the node", limit: 1.5, rounds, reference: typed });
    if (image !== "debian-12") continue;
    const copying = copyingBySsh(site, plain, await fetchImage(site, url), disk);
    const reference = cleanly(site, plain.name, copying);
    yield compare({ ...question, against: "a copy each, ssh a step", limit: 1 / 5, rounds: 3, reference });
  }
}

/** Leaves the node as it was. That is not timed. */
function cleanly(site: Site, name: string, way: Way): Way {
  return async () => {
    const timing = await way();
    // On an emulated node a booting guest leaves little time for anything else.
    await site.onNode("virsh", "-q", "destroy", name);
    // It may keep silent for longer than a link lives.
    for (let tries = 1; ; tries++) {
      const { exitCode, stderr } = await site.operator.run("delete", name, "--yes");
      if (exitCode === 0) return timing;
      if (tries === 3) throw new Error(`${name} can't be deleted: ${stderr}`);
    }
  };
}
